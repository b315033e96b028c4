"""What lm-evaluation-harness 0.4.13 finds, item by item, on the rows of `rows.py`: writes `oracle.json` beside this.

It is no dependency of the project, so this runs in an environment of its own, with the project's folder as PYTHONPATH:

    python -m venv oracle && oracle/bin/pip install lm-eval[hf]==0.4.13
    oracle/bin/python -m tests.tasks.choices.oracle ../shared/mirror

Its own task files are used; no more than where rows come from is changed, and `acc_bytes` is asked for too.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.support.causal import tiny_llama
from tests.tasks.choices.rows import CONTEXT, STORIES, made_up, real

FILE = Path(__file__).with_name("oracle.json")
FILES = {"hellaswag": "hellaswag/hellaswag.yaml", "arc_easy": "arc/arc_easy.yaml"}
SPLITS = {"hellaswag": "validation", "arc_easy": "test"}
METRICS = ("acc", "acc_norm", "acc_bytes")
Found = dict[str, list[dict[str, Any]]]


def tiny(folder: Path) -> Path:
    """The model whose weights are drawn with a seed; the same in every environment."""
    checkpoint = tiny_llama(folder)
    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    (checkpoint / "config.json").write_text(json.dumps(config | {"max_position_embeddings": CONTEXT}), encoding="utf-8")
    return checkpoint


def asked(model: Path, rows: dict[str, list[dict[str, Any]]], scratch: Path) -> Found:
    """By task: log-likelihoods and metrics of each row, in their order."""
    import lm_eval  # type: ignore[import-not-found]
    from lm_eval.tasks._yaml_loader import load_yaml  # type: ignore[import-not-found]

    shipped, found = Path(lm_eval.__file__).parent / "tasks", {}
    for task, split in SPLITS.items():
        file = scratch / f"{task}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows[task]), encoding="utf-8")
        own = {name: value for name, value in load_yaml(shipped / FILES[task]).items() if name != "tag"}
        told = own | {
            "task": task, "dataset_path": "json", "dataset_name": None,
            "dataset_kwargs": {"data_files": {split: str(file)}},
            "training_split": None, "validation_split": None, "test_split": None, f"{split}_split": split,
            "metric_list": [{"metric": name, "aggregation": "mean", "higher_is_better": True} for name in METRICS],
        }  # fmt: skip
        answered = lm_eval.simple_evaluate(
            model="hf", model_args={"pretrained": str(model), "dtype": "float32"}, tasks=[told], batch_size=1,
            device="cpu", bootstrap_iters=0,
        )  # fmt: skip
        samples = sorted(answered["samples"][task], key=lambda sample: sample["doc_id"])
        found[task] = [_of(sample) for sample in samples]
    return found


def _of(sample: dict[str, Any]) -> dict[str, Any]:
    nats = [float(answer[0]) for answer in sample["filtered_resps"]]
    return {"nats": [round(value, 5) for value in nats]} | {name: int(sample[name]) for name in METRICS}


def main(mirror: Path) -> None:
    """Write what is found on made up rows with the tiny model, and on real rows with a trained one."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        found = {
            "made up": asked(tiny(folder / "tiny"), made_up(), folder),
            "real": asked(mirror / STORIES, real(mirror), folder),
        }
    lines = [f"{json.dumps(name)}: {{\n{_listed(tasks)}\n}}" for name, tasks in found.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _listed(tasks: Found) -> str:
    """An item a line, so that a difference shows which one it is of."""
    rows = {task: ",\n".join(json.dumps(item) for item in items) for task, items in tasks.items()}
    return ",\n".join(f"{json.dumps(task)}: [\n{text}\n]" for task, text in rows.items())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
