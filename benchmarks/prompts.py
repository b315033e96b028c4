"""What a prompt costs and brings a language model that answers with one token: short, long, with examples.

    python -m benchmarks.prompts [--rows 240] [--json benchmarks/results/prompts.json]

The same rows of `eval`, the same weights (`smollm2-names-base` and what was trained on one of the prompts), only the
prompt differs. Told of each: macro F1 and accuracy with their intervals, the share of free first tokens that are
labels, tokens of a prompt, and processor milliseconds of an answer, with the beginning that prompts have in common read
once (as sessions do) and without. The artifacts must be built: `doit artifact:smollm2-names-base` and so on.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._report import options, report
from zoosmith.build.workspace import Workspace
from zoosmith.builtin import person_names
from zoosmith.contract.manifest import TaskSpec
from zoosmith.predictor import open_artifact
from zoosmith.stats import classification, f1_intervals, intervals
from zoosmith.stats.intervals import Estimate
from zoosmith.tasks.label_token.encoding import LabelTokenTask, bind

FAMILY = "smollm2-names"
ARTIFACTS = ("base", "lora-r16")
QUESTION = "Name 1: {first} Name 2: {second} Answer:"
STUDY = f"Decide if the two names belong to the same person. Return one word: yes, no, or partial. {QUESTION}"
SHOWN = 2  # examples of each label, out of `train`
TIMED = 24  # rows that are asked again without what they have in common


def prompts(train: Sequence[dict[str, str]]) -> dict[str, str]:
    """Prompt by name; the examples are the first of `train`, labels in turn."""
    by_label = {label: [row for row in train if row["label"] == label][:SHOWN] for label in person_names.LABELS}
    shown = [rows[i] for i in range(SHOWN) for rows in by_label.values()]
    examples = "".join(f"Name 1: {row['name1']} Name 2: {row['name2']} Answer: {row['label']}\n" for row in shown)
    return {
        "short": f"Same person, yes, no or partial? {QUESTION}",
        "long": STUDY,
        "long with examples": STUDY.replace(QUESTION, f"\n{examples}{QUESTION}"),
    }


def spec(prompt: str) -> TaskSpec:
    """The task of the family, asked in another way."""
    return TaskSpec(
        kind="label-token", inputs=("first", "second"), labels=person_names.LABELS, max_length=512, prompt=prompt
    )


def told(estimate: Estimate) -> dict[str, float]:
    """An estimate for the record."""
    return {name: round(getattr(estimate, name), 4) for name in ("value", "low", "high")}


def timed(session: Any, ids: Sequence[Sequence[int]], *, reuse: bool) -> tuple[list[Any], float]:
    """Log-probabilities after each prompt, and processor milliseconds of one."""
    began = time.process_time()
    found = list(session.last_logprobs(ids, reuse=reuse))
    return found, 1000 * (time.process_time() - began) / len(ids)


def measured(session: Any, task: LabelTokenTask, rows: Sequence[dict[str, str]]) -> dict[str, Any]:
    """What one prompt brings and costs."""
    ids = [task.prompt_ids(task.unlabelled((row["name1"], row["name2"]))) for row in rows]
    found, shared = timed(session, ids, reuse=True)
    _, alone = timed(session, ids[:TIMED], reuse=False)
    labels = list(task.answer_ids())
    answers = [person_names.LABELS[int(one[labels].argmax())] for one in found]
    matrix = classification.confusion([row["label"] for row in rows], answers, person_names.LABELS)
    right = sum(row["label"] == answer for row, answer in zip(rows, answers, strict=True))
    free = sum(int(one.argmax()) in labels for one in found)
    return {
        "macro_f1": told(f1_intervals.f1_interval(matrix)),
        "accuracy": told(intervals.proportion(right, len(rows))),
        "free_label_share": told(intervals.proportion(free, len(rows))),
        "tokens": round(sum(map(len, ids)) / len(ids), 1),
        "cpu_ms": {"beginning_read_once": round(shared, 1), "each_alone": round(alone, 1)},
    }


def main() -> None:
    """Ask each artifact with each prompt."""
    asked = options(__doc__ or "", rows=240).parse_args()
    drawn = person_names.generate(person_names.Params(train=2000))
    rows, asks = drawn["eval"][: asked.rows], prompts(drawn["train"])
    workspace = Workspace(Path.cwd())
    figures: dict[str, Any] = {"rows": len(rows), "prompts": asks, "artifacts": {}}
    for name in ARTIFACTS:
        folder = workspace.project / "artifacts" / f"{FAMILY}-{name}"
        session = open_artifact(folder, project=workspace.project, threads=1).session
        found = {key: measured(session, bind(spec(prompt), folder), rows) for key, prompt in asks.items()}
        figures["artifacts"][name] = found
        print(name, {key: one["macro_f1"]["value"] for key, one in found.items()}, flush=True)
    report(figures, asked.json)


if __name__ == "__main__":
    main()
