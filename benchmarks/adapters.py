"""What LoRA and QLoRA reach beside full fine-tuning when rate and targets are searched: MiniLM on the real SST-2.

    python -m benchmarks.adapters --encoder FOLDER --sst2 FOLDER [--only pooler-0.002] [--json FILE]

FOLDER of the encoder holds what `minilm-sst2` fetches (config.json, model.safetensors, tokenizer.json), that of SST-2
train.jsonl, dev.jsonl and eval.jsonl with `text` and `label`, cut as the recipe cuts them. Every candidate learns from
the first rows of `train` for two epochs, as the study of QLoRA did (n8). The best of each technique on `dev` is chosen,
and it alone, with full fine-tuning, is asked the rows of `eval`: accuracy, and the paired difference with its interval.
Minutes are of trainings as they ran, several at once by default, and do not compare.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._report import options, report
from tests.support.zoo import write_project, write_recipe
from zoosmith.bench.host import device
from zoosmith.build.workspace import Workspace
from zoosmith.execution.action import public_versions
from zoosmith.predictor import open_artifact
from zoosmith.recipes.graph import Ref
from zoosmith.stats.intervals import Estimate, mcnemar_exact, paired_proportions, proportion

FAMILY, BASELINE = "adapters", "finetune"
EPOCHS, BATCH = 2, 32
ATTENTION = ["query", "key", "value", "attention.output.dense"]
TARGETS = {"qv": ["query", "value"], "qv-pooler": ["query", "value", "pooler.dense"], "all": "all-linear"}
RATES = (1e-3, 2e-3, 4e-3)
PACKAGES = ("torch", "transformers", "peft", "bitsandbytes")


def candidates(rows: int, only: Sequence[str] = ("",)) -> dict[str, dict[str, Any]]:
    """Entries of a recipe: full fine-tuning as in `minilm-sst2`, and each technique over targets and rates.

    `only`: those whose names end in one of these.
    """
    common = {"epochs": EPOCHS, "batch_size": BATCH, "train_rows": rows}
    full = {**common, "learning_rate": 1e-4}
    found = {BASELINE: {"builder": "finetune", "from": "encoder", "params": full}}
    for rate in RATES:
        for name, targets in TARGETS.items():
            params = {**common, "learning_rate": rate, "r": 16, "alpha": 32, "target_modules": targets}
            found[f"qlora-r16-{name}-{rate:g}"] = {"builder": "qlora", "from": "encoder", "params": params}
        params = {**common, "learning_rate": rate, "r": 8, "alpha": 16, "target_modules": ATTENTION}
        found[f"lora-r8-attention-{rate:g}"] = {"builder": "lora", "from": "encoder", "params": params}
    return {name: entry for name, entry in found.items() if name == BASELINE or name.endswith(tuple(only))}


def write_zoo(project: Path, encoder: Path, sst2: Path, artifacts: dict[str, dict[str, Any]]) -> None:
    """The family over links to the two folders."""
    write_project(project)
    for name, folder in (("encoder", encoder), ("sst2", sst2)):
        (project / name).symlink_to(folder.resolve())
    splits = {"train": "train", "dev": "dev", "eval": "eval"}
    data = {"path": "sst2", "columns": {"text": "text", "label": "label"}, "labels": ["negative", "positive"]}
    recipe: dict[str, object] = {
        "schema": 1,
        "summary": "Adapters beside full fine-tuning.",
        "license": "apache-2.0",
        "bases": {"encoder": {"path": "encoder"}},
        "data": {"sst2": {**data, "splits": splits}},
        "task": {"kind": "text-classification", "data": "sst2", "max_length": 128},
        "evals": {"sst2": {"kind": "text-classification", "data": "sst2"}},
        "reference": BASELINE,
        "artifacts": artifacts,
    }
    write_recipe(project, recipe, FAMILY)


def trained(workspace: Workspace, name: str) -> dict[str, Any]:
    """What training it told: accuracy on dev of the epoch that was kept, parameters, minutes, memory."""
    record = workspace.resolver.finished("artifact", Ref(FAMILY, name))
    assert record is not None
    notes = record.provenance["notes"]["training"]
    facts = json.loads((workspace.home(Ref(FAMILY, name)) / "manifest.json").read_bytes())["facts"]
    return {
        "dev_accuracy": max(notes["dev_accuracy"]),
        "best_epoch": notes["best_epoch"],
        "trainable_parameters": facts["trainable_parameters"],
        "parameters": facts["parameters"],
        "minutes": notes["minutes"],
        "peak_memory_mb": notes["peak_memory_mb"],
    }


def right(workspace: Workspace, name: str, rows: list[dict[str, str]]) -> list[bool]:
    """Whether each row of `eval` is answered right, on the device of the build."""
    ref = Ref(FAMILY, name)
    needs = {role: workspace.home(parent) for role, parent in workspace.zoo.parents(ref).items()}
    opened = open_artifact(
        workspace.home(ref), project=workspace.project, device=device("ZOOSMITH_BUILD_DEVICE"), needs=needs
    )
    answers = opened.predict([row["text"] for row in rows])
    return [answer.label == row["label"] for answer, row in zip(answers, rows, strict=True)]


def best(told: dict[str, dict[str, Any]], technique: str) -> str | None:
    """The candidate of a technique with the best accuracy on dev; of equals the first, None where it has none."""
    of_it = (name for name in told if name.startswith(technique))
    return max(of_it, key=lambda name: told[name]["dev_accuracy"], default=None)


def points(estimate: Estimate) -> dict[str, float]:
    """In percent or points, with its interval."""
    return {name: round(100 * getattr(estimate, name), 2) for name in ("value", "low", "high")} | {"n": estimate.n}


def chosen(workspace: Workspace, told: dict[str, dict[str, Any]], sst2: Path) -> dict[str, Any]:
    """The best of each technique on `eval`, and its difference to full fine-tuning, example by example."""
    rows = [json.loads(line) for line in (sst2 / "eval.jsonl").read_text(encoding="utf-8").splitlines()]
    reference = right(workspace, BASELINE, rows)
    found: dict[str, Any] = {BASELINE: {"accuracy": points(proportion(sum(reference), len(rows)))}}
    for name in filter(None, (best(told, "qlora-r16-qv-0."), best(told, "qlora-r16"), best(told, "lora-r8"))):
        mine = right(workspace, name, rows)
        pairs = list(zip(reference, mine, strict=True))
        lost, won = pairs.count((True, False)), pairs.count((False, True))
        both, neither = pairs.count((True, True)), pairs.count((False, False))
        found[name] = {
            "accuracy": points(proportion(sum(mine), len(rows))),
            "change": points(paired_proportions(both, lost, won, neither)),
            "mcnemar_p": round(mcnemar_exact(lost, won), 4),
        }
    return found


def main() -> int:
    """Exit code 1 where a candidate could not be built."""
    parser = options(__doc__, rows=20_000, side_by_side=6)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--sst2", type=Path, required=True)
    parser.add_argument("--only", nargs="+", default=[""], help="candidates that end so, such as qv-pooler-0.002")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="adapters-") as folder:
        project = Path(folder)
        artifacts = candidates(given.rows, given.only)
        write_zoo(project, given.encoder, given.sst2, artifacts)
        names = list(artifacts)
        command = [sys.executable, "-m", "doit", "-n", str(given.side_by_side)]
        command += [f"artifact:{FAMILY}-{name}" for name in names]
        subprocess.run(command, cwd=project, check=True, stdout=sys.stderr)
        workspace = Workspace(project)
        told = {name: trained(workspace, name) for name in names}
        settings = {
            "rows": given.rows,
            "device": os.environ.get("ZOOSMITH_BUILD_DEVICE", "cpu"),
            "packages": public_versions(PACKAGES),
        }
        report(
            {"settings": settings, "candidates": told, "chosen_on_dev": chosen(workspace, told, given.sst2)}, given.json
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
