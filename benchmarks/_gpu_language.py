"""Language models on a GPU, for benchmarks/gpu.py: every case in a process of its own, one after another.

A case that fails, or takes over its limit, loses only itself: what it said stands in its place. Cases that the time for
all no longer allows are told as such and not begun.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks._gpu_case import NEW, PROMPT, QLORA, RANK
from benchmarks._gpu_shapes import SHAPES, TRAINED
from benchmarks._gpu_weights import FP16, KINDS
from zoosmith.bench.host import this_host
from zoosmith.execution.action import public_versions

PACKAGES = ("torch", "transformers", "peft", "bitsandbytes")
CASE_S = 90.0  # a 7B shape takes half of it where nothing is wrong
ROOT = Path(__file__).parents[1]
Told = dict[str, dict[str, Any]]


def cases(shapes: Iterable[str], device: str, *, tiny: bool) -> Iterator[dict[str, Any]]:
    """What is asked for, small shapes first; QLoRA of the largest shape where that is among them."""
    names = [name for name in SHAPES if name in set(shapes)]
    for name in names:
        for kind in (*KINDS, *((QLORA,) if name == TRAINED else ())):
            yield {"shape": name, "kind": kind, "device": device, "tiny": tiny}


def name_of(case: dict[str, Any]) -> str:
    """SHAPE/KIND."""
    return f"{case['shape']}/{case['kind']}"


def measure(asked: Iterable[dict[str, Any]], seconds: float, kept: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Figures of all cases and of what measured them; `kept` is given them after each case.

    seconds: for all of them together.
    """
    asked, end = list(asked), time.monotonic() + seconds
    found: Told = {}
    told = about(asked) | {"cases": found}
    for case in asked:
        left = end - time.monotonic()
        found[name_of(case)] = alone(case, min(CASE_S, left)) if left > 0 else {"failed": "no time was left"}
        print(f"{name_of(case)}: {json.dumps(found[name_of(case)])}", file=sys.stderr, flush=True)
        told["against_fp16"] = against_fp16(found)
        kept(told)
    return told


def about(asked: list[dict[str, Any]]) -> dict[str, Any]:
    """Where and with what."""
    return {
        "host": this_host().model_dump(mode="json"),
        "date": datetime.now(UTC).date().isoformat(),
        "packages": public_versions(PACKAGES),
        "weights": "random",
        "tiny": any(case["tiny"] for case in asked),
        "device": sorted({case["device"] for case in asked}),
        "prompt": PROMPT,
        "new_tokens": NEW,
        "adapters": {"r": RANK, "target_modules": ["q_proj", "v_proj"]},
    }


def alone(case: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The case in a new process, which is ended after `seconds`."""
    command = [sys.executable, "-m", "benchmarks._gpu_case", json.dumps(case)]
    start = time.monotonic()
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return {"failed": f"not done after {seconds:.0f} s"}
    if done.returncode:
        return {"failed": (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[-1][:500]}
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told | {"wall_s": round(time.monotonic() - start, 1)}


def against_fp16(found: Told) -> dict[str, dict[str, float]]:
    """By case: how many times as long ten tokens take as in FP16 of the same shape, and percent of its peak saved."""
    told = {}
    for name, mine in found.items():
        theirs = found.get(f"{name.partition('/')[0]}/{FP16}", {})
        if name.endswith(f"/{FP16}") or "ms_of_ten_tokens" not in mine or "ms_of_ten_tokens" not in theirs:
            continue
        times = mine["ms_of_ten_tokens"]["median"] / theirs["ms_of_ten_tokens"]["median"]
        saved = {
            field: round(100 * (mine["memory_mb"][field] / theirs["memory_mb"][field] - 1), 1)
            for field in ("load", "peak")
            if theirs["memory_mb"][field]
        }
        told[name] = {"times_as_long": round(times, 3), **{f"{field}_percent": value for field, value in saved.items()}}
    return told


def failed(told: dict[str, Any]) -> list[str]:
    """Cases without figures, in words."""
    return [f"{name}: {case['failed']}" for name, case in told["cases"].items() if "failed" in case]
