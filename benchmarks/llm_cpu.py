"""What a token of a language model costs on a CPU in each format, at the sizes of Qwen2-0.5B and Llama-3.2-1B.

    python -m benchmarks.llm_cpu [--shapes qwen2-0.5b llama-3.2-1b] [--json benchmarks/results/llm_cpu.json]

Weights are random: speed and memory are those of the shape, and nothing is said of answers. The shipped builders make
FP32, BF16, bitsandbytes INT8 and NF4, and GGUF in F16, Q8_0, Q4_K_M and Q4_0 in a throw-away zoo. All of them take
turns in a random order, each turn in a new process: open, read a prompt, write tokens with a KV cache. Once with one
thread on one processor, where the time is that of the processor, and once with a thread for each processor, where it
is that of the clock. A ratio is that of a round's medians to FP32 of the same threads, its interval over rounds.
Memory is what the process held at most, MiB, libraries included.

It needs 24 GiB of memory and 20 GB of disk for the larger shape, in TMPDIR. Exit code 1 where a format of ours is
slower than FP32 with its whole interval: the format of that name is then nothing to choose for speed on this host.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import _llm_shapes as shapes
from benchmarks._report import options, report
from benchmarks.decoding import ratio
from zoosmith.bench.child import memory_mb
from zoosmith.bench.speed import measuring_cpus
from zoosmith.bench.usage import Others
from zoosmith.build.workspace import Workspace
from zoosmith.execution.action import public_versions
from zoosmith.predictor import open_artifact
from zoosmith.recipes.graph import Ref

PACKAGES = ("torch", "transformers", "bitsandbytes", "llama-cpp-python")
WARM_UP = 2
Taken = dict[str, list[float]]


def build(project: Path, family: str) -> None:
    """Build all artifacts of a family and bring them out, as a user would. Raises CalledProcessError."""
    names = [f"artifact:{family}-{name}" for name in shapes.VARIANTS]
    subprocess.run([sys.executable, "-m", "doit", *names], cwd=project, check=True, stdout=sys.stderr)


def answer(asked: dict[str, Any]) -> dict[str, float]:
    """Milliseconds a token and the peak of memory of one artifact, in this process."""
    cpus = os.sched_getaffinity(0) if asked["threads"] > 1 else measuring_cpus(1)
    os.sched_setaffinity(0, cpus)
    session = open_artifact(Path(asked["folder"]), project=Path(asked["project"]), threads=asked["threads"]).session
    decoder = session.decoder()
    decoder.prompt([4 + i for i in range(asked["prompt"])])
    clock = time.perf_counter_ns if asked["threads"] > 1 else time.process_time_ns
    took = [_milliseconds(decoder.step, clock) for _ in range(WARM_UP + asked["steps"])][WARM_UP:]
    return {"ms": median(took), "memory_mb": memory_mb("VmHWM")}


def _milliseconds(step: Callable[[], object], clock: Callable[[], int]) -> float:
    start = clock()
    step()
    return (clock() - start) / 1e6


def turn(asked: dict[str, Any]) -> dict[str, float]:
    """`answer` in a new process."""
    command = [sys.executable, "-m", "benchmarks.llm_cpu", "--turn", json.dumps(asked)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def measured(workspace: Workspace, family: str, threads: int, given: Any, others: Others) -> dict[str, dict[str, Any]]:
    """Figures of each artifact, over all rounds."""
    took: Taken = {name: [] for name in shapes.VARIANTS}
    memory: Taken = {name: [] for name in shapes.VARIANTS}
    order = random.Random(threads)
    for number in range(given.rounds):
        print(f"{family}, {threads} threads: round {number + 1} of {given.rounds}", file=sys.stderr, flush=True)
        for name in order.sample(shapes.VARIANTS, len(shapes.VARIANTS)):
            folder, project = str(workspace.home(Ref(family, name))), str(workspace.project)
            asked = {"folder": folder, "project": project, "threads": threads}
            found = alone(others, asked | {"prompt": given.prompt, "steps": given.steps})
            took[name].append(found["ms"])
            memory[name].append(found["memory_mb"])
    return figures(took, memory)


def alone(others: Others, asked: dict[str, Any]) -> dict[str, float]:
    """A turn, and what others took of the processors meanwhile."""
    start, before, children = time.monotonic(), others.busy(), os.times()
    found = turn(asked)
    own = sum(os.times()[2:4]) - sum(children[2:4])
    others.block(before, own, time.monotonic() - start)
    return found


def figures(took: Taken, memory: Taken) -> dict[str, dict[str, Any]]:
    """By artifact: median milliseconds a token, times as fast as FP32, and the peak of memory."""
    reference = took[shapes.REFERENCE]
    return {
        name: {"ms_per_token": round(median(took[name]), 2), "peak_mb": round(max(memory[name]))}
        | ({} if name == shapes.REFERENCE else {"times_fp32": ratio(reference, took[name])})
        for name in took
    }


def slower(found: dict[str, dict[str, Any]]) -> list[str]:
    """The formats that are slower than FP32 with their whole interval, in words."""
    return [
        f"{family}, {threads} threads: {name} is {told['times_fp32']['value']} times as fast as FP32"
        for family, each in found.items()
        for threads, artifacts in each["threads"].items()
        for name, told in artifacts.items()
        if "times_fp32" in told and told["times_fp32"]["high"] < 1
    ]


def family_figures(project: Path, family: str, given: Any, others: Others) -> dict[str, Any]:
    """Sizes, and figures with one thread and with all."""
    build(project, family)
    workspace = Workspace(project)
    homes = {name: workspace.home(Ref(family, name)) for name in shapes.VARIANTS}
    sizes = {
        name: round(sum(file.stat().st_size for file in home.rglob("*") if file.is_file()) / 1e6, 1)
        for name, home in homes.items()
    }
    counts = sorted({1, len(os.sched_getaffinity(0))})
    return {"size_mb": sizes, "threads": {n: measured(workspace, family, n, given, others) for n in counts}}


def main() -> int:
    """Exit code 1 where a format is slower than FP32."""
    parser = options(__doc__, rounds=4, prompt=16, steps=12)
    parser.add_argument("--shapes", nargs="+", choices=shapes.SHAPES, default=list(shapes.SHAPES))
    parser.add_argument("--turn", help="answer for one turn, as JSON; the script asks itself")
    given = parser.parse_args()
    if given.turn:
        print(json.dumps(answer(json.loads(given.turn))))
        return 0
    found, others = {}, Others(sorted(os.sched_getaffinity(0)))
    for family in given.shapes:
        with tempfile.TemporaryDirectory(prefix="llm-") as folder:
            shapes.write_zoo(Path(folder), [family])
            found[family] = family_figures(Path(folder), family, given, others)
    settings = {name: getattr(given, name) for name in ("rounds", "prompt", "steps")}
    settings |= {"weights": "random", "packages": public_versions(PACKAGES)}
    report({"settings": settings, "others_share": round(others.share, 4), "shapes": found}, given.json)
    told = slower(found)
    print("\n".join(told), file=sys.stderr)
    return bool(told)


if __name__ == "__main__":
    sys.exit(main())
