"""A family of ten conversions by one `doit` against the same ten as separate scripts, in processor time.

    python -m benchmarks.family [--runs 1] [--json FILE]

The model is a BERT of two layers, made here, so that what is compared is everything but arithmetic: imports, processes,
files. A script imports its libraries, calls the same builder on the same parent as `doit artifact:NAME` does, and ends.
`doit` checks, besides, that each artifact opens and answers as the model did; its own start, keys and store count too.
Processor time is user and system time of all processes of a side, those that outlive their parent included.
Goal: at most 0.5.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from zoosmith.bench.host import this_host

GOAL = 0.5
PR_SET_CHILD_SUBREAPER = 36  # prctl(2): orphans become this process's children, so that their time is told
HALF: dict[str, Any] = {"builder": "torch_half", "from": "fp32"}
CONVERSIONS: dict[str, dict[str, Any]] = {
    "fp16": HALF,
    "bf16": HALF | {"params": {"dtype": "bf16"}},
    "torch-int8": {"builder": "torch_int8", "from": "fp32"},
    "pruned-magnitude": {"builder": "prune_magnitude", "from": "fp32"},
    "pruned-layers": {"builder": "prune_layers", "from": "fp32", "params": {"drop": 1}},
    "pruned-heads": {"builder": "prune_heads", "from": "fp32"},
    "pruned-ffn": {"builder": "prune_ffn", "from": "fp32"},
    "onnx": {"builder": "onnx", "from": "fp32"},
    "onnx-fp16": {"builder": "onnx_fp16", "from": "onnx"},
    "onnx-int8": {"builder": "onnx_int8", "from": "onnx"},
}
"""Artifacts of the family beside its reference, as a recipe has them."""


def write_zoo(zoo: Path) -> None:
    """The zoo of the family, with its reference built: what both sides start from."""
    from tests.support.zoo import RECIPE, write_bert, write_project, write_recipe, write_rows
    from tests.support.zoo import rows as toy_rows

    write_project(zoo)
    write_bert(zoo / "bases" / "encoder", labels=("negative", "positive"))
    for split, count, seed in (("train", 40, 1), ("dev", 40, 2), ("test", 40, 3)):
        write_rows(zoo / "data" / f"{split}.jsonl", toy_rows(count, seed))
    reference = {"builder": "checkpoint", "from": "encoder"}
    write_recipe(zoo, RECIPE | {"artifacts": {"fp32": reference} | CONVERSIONS}, "family")
    subprocess.run([sys.executable, "-m", "doit", "artifact:family-fp32"], cwd=zoo, check=True, capture_output=True)


def processor_seconds(commands: Sequence[Sequence[str]], cwd: Path) -> float:
    """User and system seconds of commands, one after the other, and of all processes that they start."""
    before = _spent()
    for command in commands:
        subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    with suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.05)
    return _spent() - before


def _spent() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def convert(zoo: Path, name: str) -> None:
    """One conversion as a script of its own would do it, from its parent's folder to a new one."""
    from tests.support.job import build, task_rows, tree
    from zoosmith.contract.job import Parent
    from zoosmith.predictor import read_manifest

    about = CONVERSIONS[name]
    home = zoo / "artifacts" / f"family-{about['from']}"
    parent = Parent(home, read_manifest(home), tree(home))

    def data(split: str) -> list[Any]:
        return task_rows("text-classification", split)[:40]

    build(about["builder"], {"from": parent}, zoo / "scripts" / name, params=about.get("params"), data=data)


def measure(runs: int) -> dict[str, list[float]]:
    """Processor seconds of each side, a fresh zoo a run."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    found: dict[str, list[float]] = {"one doit": [], "ten scripts": []}
    here = Path(__file__).parent.parent
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            zoo = Path(folder) / "zoo"
            write_zoo(zoo)
            tasks = [f"artifact:family-{name}" for name in CONVERSIONS]
            found["one doit"].append(processor_seconds([[sys.executable, "-m", "doit", *tasks]], zoo))
            script = [sys.executable, "-m", "benchmarks.family", "--script", str(zoo)]
            found["ten scripts"].append(processor_seconds([[*script, name] for name in CONVERSIONS], here))
            shutil.rmtree(zoo / "scripts")
    return found


def main() -> int:
    """Print both sides and their ratio; exit 1 where the goal is missed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=1)
    options.add_argument("--json", type=Path)
    options.add_argument("--script", nargs=2, metavar=("ZOO", "NAME"), help="do one conversion, as a script")
    given = options.parse_args()
    if given.script:
        convert(Path(given.script[0]), given.script[1])
        return 0
    found, host = measure(given.runs), this_host()
    medians = {side: statistics.median(seconds) for side, seconds in found.items()}
    ratio = medians["one doit"] / medians["ten scripts"]
    print(f"host {host.id}: {host.cpu}, {host.cores} cores; processor seconds, median of {given.runs}")
    for side, median in medians.items():
        print(f"  {side:<12}{median:8.2f}")
    print(f"  ratio       {ratio:8.2f}  goal {GOAL:g}: {'met' if ratio <= GOAL else 'MISSED'}")
    if given.json:
        body = {"host": host.model_dump(mode="json"), "runs": given.runs, "seconds": found, "ratio": ratio}
        given.json.write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")
    return 0 if ratio <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
