"""What large inputs cost: many rows, many registry entries, many artifacts, a large checkpoint.

    python -m benchmarks.sizes [--only rows registry] [--json benchmarks/results/sizes.json]

rows        a data step over JSON lines; its goal is memory that does not grow with the rows
registry    `zoosmith search` over a registry.json whose entries are those of this zoo, again and again
artifacts   `doit list`, and a target that is up to date, in a zoo of chains of eight artifacts
checkpoint  a checkpoint in FP32 through builder `checkpoint`, beside `sha256sum` of it in the same run; disk is what
            the zoo takes beyond the source, at its peak and afterwards, in copies of the source

Seconds are those of whole processes, memory is the most that one process of a command had resident. Exit code 1 where
a goal is missed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks._report import options, report
from tests.support.fast import fast_recipe, write_fast_zoo
from tests.support.zoo import write_bert, write_project, write_recipe, write_rows
from zoosmith.common.canonical import pretty

DOIT = [sys.executable, "-m", "doit"]
ZOOSMITH = [sys.executable, "-m", "zoosmith.app.cli.main"]
MIB = 2**20
GOALS = {
    "rows_mb": 300.0,
    "search_s": 1.0,
    "search_mb": 100.0,
    "list_s": 1.0,
    "up_to_date_s": 2.0,
    "checkpoint_over_sha256sum": 3.0,
    "copies_at_peak": 2.0,  # one that is being written, and one more than the source
}
BERT_LAYER_MB = 134  # of width 2048 in FP32
CHAIN = 8


class Cost(NamedTuple):
    """Wall-clock seconds and MiB."""

    seconds: float
    memory_mb: float


RUNNER = """
import os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=sys.stderr)
_, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), time.perf_counter() - start, usage.ru_maxrss)
"""
"""Starts a command from a small process: the kernel counts the memory of who starts it as the command's own."""


def cost(command: list[str], cwd: Path) -> Cost:
    """Run a command to its end; the memory is that of its largest process, its children included."""
    done = subprocess.run([sys.executable, "-c", RUNNER, *command], cwd=cwd, check=True, stdout=subprocess.PIPE)
    code, seconds, kib = done.stdout.split()
    if int(code):
        raise SystemExit(f"{' '.join(command)} ended with {int(code)}")
    return Cost(round(float(seconds), 2), round(int(kib) / 1024, 1))


def rows(folder: Path, given: Any) -> dict[str, float]:
    """A data step over short rows."""
    zoo = write_fast_zoo(folder)
    recipe = fast_recipe()
    many = {
        "path": "many", "columns": {"text": "text", "label": "label"}, "labels": ["negative", "positive"],
        "splits": {"eval": "test"},
    }  # fmt: skip
    recipe["data"] = recipe["data"] | {"many": many}
    recipe["evals"] = recipe["evals"] | {"many": {"kind": "text-classification", "data": "many"}}
    write_recipe(zoo, recipe, "family0")
    (zoo / "many").mkdir()
    with (zoo / "many" / "test.jsonl").open("w", encoding="utf-8") as file:
        for number in range(given.rows):
            file.write(f'{{"text": "row {number}", "label": "{("negative", "positive")[number % 2]}"}}\n')
    took = cost([*DOIT, "run", "_source:data:family0/many"], zoo)
    return {"rows": given.rows, "rows_s": took.seconds, "rows_mb": took.memory_mb}


def registry(folder: Path, given: Any) -> dict[str, float]:
    """`zoosmith search` as somebody does who has a copy of the registry."""
    entries = list(json.loads(Path("registry.json").read_bytes())["artifacts"].items())
    many = {}
    for number in range(given.registry):
        name, entry = entries[number % len(entries)]
        many[f"copy{number // len(entries)}-{name}"] = entry
    made = json.loads(Path("registry.json").read_bytes()) | {"artifacts": many}
    (folder / "registry.json").write_text(pretty(made), encoding="utf-8")
    took = cost([*ZOOSMITH, "search", "copy7", "--registry", f"file://{folder}"], folder)
    return {"entries": given.registry, "search_s": took.seconds, "search_mb": took.memory_mb}


def artifacts(folder: Path, given: Any) -> dict[str, float]:
    """Two commands that have nothing to do."""
    zoo, build = write_fast_zoo(folder, recipes=given.artifacts // CHAIN, artifacts=CHAIN), "build:family0-a1"
    cost([*DOIT, build], zoo)
    listed, again = cost([*DOIT, "list"], zoo), cost([*DOIT, build], zoo)
    return {"artifacts": given.artifacts, "list_s": listed.seconds, "up_to_date_s": again.seconds}


def checkpoint(folder: Path, given: Any) -> dict[str, float]:
    """From a folder into the zoo."""
    zoo, labels = write_project(folder / "zoo"), ("negative", "positive")
    source = write_bert(folder / "source", labels=labels, layers=given.checkpoint_mb // BERT_LAYER_MB, width=2048)
    examples = [{"text": f"good and bad of it {n}", "label": labels[n % 2]} for n in range(8)]
    write_rows(zoo / "data" / "test.jsonl", examples)
    recipe: dict[str, object] = {
        "schema": 1,
        "summary": "A large checkpoint.",
        "license": "mit",
        "bases": {"large": {"path": str(source)}},
        "data": {"few": {"path": "data", "columns": {"text": "text", "label": "label"}, "splits": {"eval": "test"}}},
        "task": {"kind": "text-classification", "data": "few", "labels": list(labels), "max_length": 32},
        "evals": {"few": {"kind": "text-classification", "data": "few"}},
        "reference": "fp32",
        "artifacts": {"fp32": {"builder": "checkpoint", "from": "large"}},
    }
    write_recipe(zoo, recipe, "big")
    hashed = cost(["sha256sum", str(source / "model.safetensors")], folder)
    with Peak(lambda: on_disk(zoo)) as seen:
        took = cost([*DOIT, "run", "artifact:big-fp32"], zoo)
    size = on_disk(source)
    return {
        "checkpoint_mb": round(size / MIB),
        "sha256sum_s": hashed.seconds,
        "checkpoint_s": took.seconds,
        "checkpoint_over_sha256sum": round(took.seconds / hashed.seconds, 2),
        "copies_at_peak": round(max(seen.values) / size, 2),
        "copies_kept": round(on_disk(zoo) / size, 2),
    }


class Peak:
    """Values of a function, twice a second while the block runs, in `values`."""

    def __init__(self, look: Callable[[], int]) -> None:
        """Nothing was looked at yet."""
        self.values, self._look, self._done = [0], look, threading.Event()

    def __enter__(self) -> Peak:
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def _watch(self) -> None:
        while not self._done.wait(0.5):
            self.values.append(self._look())

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()


def on_disk(folder: Path) -> int:
    """Bytes that files below a folder take, a file of several names once."""
    taken = {}
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                status = Path(place, name).lstat()
            except FileNotFoundError:  # it was renamed meanwhile
                continue
            taken[status.st_ino] = status.st_blocks * 512
    return sum(taken.values())


CASES: dict[str, Callable[[Path, Any], dict[str, float]]] = {
    "rows": rows, "registry": registry, "artifacts": artifacts, "checkpoint": checkpoint,
}  # fmt: skip


def main() -> int:
    """Exit code 1 where a goal is missed."""
    parser = options(__doc__, rows=2_000_000, registry=10_000, artifacts=2_000, checkpoint_mb=3_000)
    parser.add_argument("--only", nargs="+", choices=CASES, default=list(CASES))
    given = parser.parse_args()
    found: dict[str, float] = {}
    for name in given.only:
        print(f"{name} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix=f"sizes-{name}-") as folder:
            found |= CASES[name](Path(folder), given)
    report({"figures": found, "goals": GOALS}, given.json)
    missed = [f"{name}: {found[name]}, the goal is {goal}" for name, goal in GOALS.items() if found.get(name, 0) > goal]
    print("\n".join(missed), file=sys.stderr)
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
