"""Peak resident memory of every shipped builder at the size of BERT-base (110 M weights).

Builders of causal language models are weighed over a random Llama of 63 M weights in place of the encoder, those of
GGUF over one whose embedding is its largest tensor, by far (`mixed_bits`, which tries each matrix in each type, over
one of few words), and those of models that see over a random LLaVA.

    python -m benchmarks.memory [--batch 16] [--tokens 128] [--only NAME ...] [--json benchmarks/results/memory.json]

Each build runs as the engine runs it, in a worker of its own, checked by a clean process at its end; but workers are
started anew, since pages that they share with a fork server would be counted as other processes' too. Weights are
random; the tokenizer knows 30,522 words. Each is built three times: from a toy encoder, whose peak is what the
libraries take; from BERT-base with batches of one word, whose peak beyond that is weights, told in copies of them; and
from BERT-base with batches of `--batch` texts of `--tokens` tokens, whose peak beyond that is activations. Trainings
have three steps. The last kind has the builder's own autocast, whose casts of weights are kept for the backward pass
and count as activations; the first two have none. Sizes are MiB, as in `resources()`.

Goals: a conversion holds at most two copies of the weights; a training four (weights, gradients, two moments), with a
teacher five; and no build, the process that checks it included, takes more than its builder's `resources()` claims.
A merge holds one copy (one shard of a model that has several) and a tenth. llama.cpp's converter, a process of its own,
takes 400 MB and 6.5 bytes an element of the largest tensor; its quantiser 200 MB of private memory.
Where a library's own call holds more copies, that is told apart, under `of_libraries`, and fails nothing. `--only` with
the file of an earlier run, of the same sizes, measures some builds anew.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks import _memory_language as language
from benchmarks._memory_bounds import beyond_bounds, beyond_claims, bound_mb, too_many_copies
from benchmarks._memory_cases import ALL, CASES, FAMILIES, FEW_WORDS, FORETOLD, LANGUAGE, SEARCHED, SEEING, STEPS, Case
from benchmarks._report import keep, options, report
from tests.support.here import bring_up
from tests.support.zoo import BAD, GOOD, PLAIN, write_project, write_recipe, write_rows, write_tokenizer
from zoosmith import plugins
from zoosmith.build.workspace import Workspace
from zoosmith.execution.action import Action
from zoosmith.execution.executor import LocalExecutor, Outcome, Progress
from zoosmith.recipes.graph import Ref
from zoosmith.toolkit.gguf.memory import largest_tensor

ROOT = Path(__file__).parents[1]
VOCABULARY = 30_522
LABELS = ("negative", "positive")
TOY = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 128}
BUILD, WEIGHED = "zoosmith.build.build:run", "benchmarks._weighed:run"


class Weighing(LocalExecutor):
    """Runs steps as ever, builds with a note of their memory."""

    def run(self, action: Action, lock: int, progress: Progress) -> Outcome:
        """Run the action to its end. Raises StepFailed."""
        weighed = replace(action, entry=WEIGHED, imports=())
        return super().run(weighed if action.entry == BUILD else action, lock, progress)


def write_encoder(folder: Path, sizes: dict[str, int]) -> int:
    """A random BERT with a head in `folder`, of the default sizes or of `sizes`; returns the bytes of its weights.

    The head's bias decides every answer, so that no near-tie flips when weights are rounded.
    """
    import torch
    import transformers

    folder.mkdir(parents=True)
    known = (*PLAIN, *GOOD, *BAD)
    spare = VOCABULARY - 7 - len(known)  # four special tokens, three words of write_tokenizer's own
    config = transformers.BertConfig(
        vocab_size=write_tokenizer(folder, (*known, *(f"word{i}" for i in range(spare)))), **sizes
    )
    config.id2label, config.label2id = dict(enumerate(LABELS)), {label: i for i, label in enumerate(LABELS)}
    torch.manual_seed(0)
    model = transformers.BertForSequenceClassification(config)
    model.classifier.bias.data = torch.tensor([0.0, 4.0])
    model.save_pretrained(folder)
    return sum(4 * parameter.numel() for parameter in model.parameters())


def recipe(encoder: str, data: str, batch: int, tokens: int) -> dict[str, Any]:
    """Every case over one encoder and one data set."""
    rows = {"train": "train", "dev": "dev", "eval": "test"}
    columns = {"text": "text", "label": "label"}
    return {
        "schema": 1,
        "summary": "What builders take.",
        "license": "apache-2.0",
        "bases": {"encoder": {"path": f"bases/{encoder}"}},
        "data": {"rows": {"path": f"data/{data}", "columns": columns, "labels": list(LABELS), "splits": rows}},
        "task": {"kind": "text-classification", "data": "rows", "max_length": tokens},
        "evals": {"rows": {"kind": "text-classification", "data": "rows"}},
        "reference": "checkpoint",
        "artifacts": entries(CASES, batch),
    }


def write_zoo(project: Path, batch: int, tokens: int) -> int:
    """Three families over two encoders and two data sets; returns how many bytes more the large encoder has."""
    write_project(project)
    toy, large = (write_encoder(project / "bases" / name, sizes) for name, sizes in (("toy", TOY), ("large", {})))
    for name, count, words in (("short", 1, 1), ("long", batch, tokens)):
        for split, rows in (("train", count * STEPS), ("dev", max(1, count // 4)), ("test", 1)):
            made = [{"text": " ".join(PLAIN[:1] * words), "label": LABELS[i % 2]} for i in range(rows)]
            write_rows(project / "data" / name / f"{split}.jsonl", made)
    for id, encoder, data, size in (("toy", "toy", "short", 1), ("weights", "large", "short", 1),
                                    ("batches", "large", "long", batch)):  # fmt: skip
        write_recipe(project, recipe(encoder, data, size, tokens), id)
    return large - toy


def weigh(workspace: Workspace, family: str, name: str) -> dict[str, int]:
    """Peaks of one build, MiB."""
    bring_up(workspace, Ref(family, name))
    action = workspace.resolver.action("artifact", Ref(family, name))
    seen: dict[str, int] = workspace.make("artifact", Ref(family, name)).provenance["notes"]["weighed"]
    parents = [entry.size for tree in action.inputs["parents"].values() for entry in workspace.store.tree(tree) or ()]
    return seen | {"claimed": action.resources.memory_mb, "parents": sum(parents) // 2**20}


def figures(case: Case, seen: list[dict[str, int]], more: int, largest: int = 0) -> dict[str, Any]:
    """What is told of a case.

    seen: its peaks by family. more: bytes that the weights of the full size have beyond the toy's. largest: elements of
    the largest tensor of the full size.
    """
    toy, weights, batches = seen[0], seen[1], seen[-1]
    told = {
        "builder": case.builder,
        "parents_mb": batches["parents"],
        "libraries_mb": toy["peak"],
        "copies": round((weights["peak"] - toy["peak"]) * 2**20 / more, 2),
        "copies_goal": case.copies,
        "activations_mb": batches["peak"] - weights["peak"],
        "peak_mb": batches["peak"],
        "with_check_mb": batches["with_check"],
        "claimed_mb": batches["claimed"],
    }
    if case.watched:
        told |= {"largest_tensor": largest, "watched_mb": weights[case.watched], "bound_mb": bound_mb(case, largest)}
    return told


def write_zoos(project: Path, names: list[str], batch: int, tokens: int) -> dict[str, int]:
    """The zoos that these cases need; by case, how many bytes more the weights of the full size have."""
    wanted = set(names)
    made: dict[str, int] = {}
    if wanted & CASES.keys():
        made |= dict.fromkeys(CASES, write_zoo(project, batch, tokens))
    else:
        write_project(project)
    if wanted & LANGUAGE.keys():
        scored = [name for name, case in LANGUAGE.items() if case.format != language.TRIMMED]
        made |= dict.fromkeys(LANGUAGE, language.write(project, entries(LANGUAGE, batch), scored))
    if wanted & FORETOLD.keys():
        made |= dict.fromkeys(FORETOLD, language.write_wide(project, entries(FORETOLD, batch)))
    if wanted & SEARCHED.keys():
        narrow = language.write_wide(project, entries(SEARCHED, batch), FAMILIES[FEW_WORDS])
        made |= dict.fromkeys(SEARCHED, narrow)
    if wanted & SEEING.keys():
        made |= dict.fromkeys(SEEING, language.write_seeing(project, entries(SEEING, batch)))
    return made


def entries(cases: dict[str, Case], batch: int) -> dict[str, dict[str, Any]]:
    """Their entries in a recipe."""
    return {name: case.artifact(batch) for name, case in cases.items()}


def measure(names: list[str], batch: int, tokens: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each case with its figures."""
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        project = Path(folder)
        more = write_zoos(project, names, batch, tokens)
        workspace = Workspace(project)
        workspace.runner.executor = Weighing(workspace.store, project)
        for name in names:
            case = ALL[name]
            seen = [weigh(workspace, family, name) for family in case.families]
            largest = largest_tensor(project / "bases" / case.families[1])[1] if case.watched else 0
            yield name, figures(case, seen, more[name], largest)


def kept(file: Path | None, anew: list[str]) -> dict[str, dict[str, Any]]:
    """Figures in the file of an earlier run, of the cases that are not measured anew."""
    if file is None or not file.is_file():
        return {}
    earlier = json.loads(file.read_text(encoding="utf-8"))["builds"]
    return {name: told for name, told in earlier.items() if name in ALL and name not in anew}


def main() -> int:
    """Exit code 1 where a goal is missed."""
    parser = options(__doc__, batch=16, tokens=128)
    parser.add_argument(
        "--only", nargs="+", choices=ALL, default=list(ALL), help="these builds alone; the file keeps the others"
    )
    given = parser.parse_args()
    if lacking := set(plugins.known("builders", ROOT)) - {case.builder for case in ALL.values()}:
        parser.error(f"no case for the builders {', '.join(sorted(lacking))}; add one to CASES")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    found = kept(given.json, given.only)
    for name, told in measure(given.only, given.batch, given.tokens):
        print(f"{name}: {json.dumps(told)}", file=sys.stderr, flush=True)
        found[name] = told
        keep(summary(found, given.batch, given.tokens), given.json)
    told = summary(found, given.batch, given.tokens)
    report(told, given.json)
    return int(bool(told["missed"]))


def summary(found: dict[str, dict[str, Any]], batch: int, tokens: int) -> dict[str, Any]:
    """What is written: all cases that there are figures of, in their order, and the goals that they miss."""
    ordered = {name: found[name] for name in ALL if name in found}
    return {
        "batch": batch,
        "tokens": tokens,
        "steps": STEPS,
        "builds": ordered,
        "of_libraries": too_many_copies(ordered, library=True),
        "missed": [*too_many_copies(ordered, library=False), *beyond_claims(ordered), *beyond_bounds(ordered)],
    }


if __name__ == "__main__":
    sys.exit(main())
