"""What writing a token costs: our decoder beside a bare loop over `llama_decode`, and beside transformers in FP32.

    python -m benchmarks.decoding --rounds 6 --json benchmarks/results/decoding.json

Sides take turns, each in a new process on one processor with one thread: the reference of the family through our torch
runtime, each GGUF through our runtime, and the same file through a loop that calls `llama_decode` and nothing else, on
a context of the same size. The bare loop is given the tokens that our decoder chose, so it does not even look for the
likeliest. Time is processor time of the process, per token after the first; a ratio is that of a round's medians, its
interval over rounds. Goals: our loop takes at most 5 % more than the bare one; Q8_0 is at least 5.5 times as fast as
transformers in FP32, the fastest 4-bit file 8.5 times. Exit code 1 where one is missed.

The artifacts must be built: `doit run build:smollm2-fp32 build:smollm2-q8_0 build:smollm2-q4_0` and its `-imatrix`.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks._report import options, report
from zoosmith.bench.host import device
from zoosmith.bench.speed import measuring_cpus
from zoosmith.bench.usage import Others
from zoosmith.build.workspace import Workspace
from zoosmith.execution.action import public_versions
from zoosmith.predictor import open_artifact
from zoosmith.recipes.graph import Ref
from zoosmith.runtimes.gguf import MODEL_FILE
from zoosmith.stats.intervals import ratio_from_logs
from zoosmith.toolkit.causal.prompts import prompt_ids
from zoosmith.toolkit.gguf.library import captured, load

FAMILY, REFERENCE = "smollm2", "fp32"
EIGHT_BIT, FOUR_BIT = ("q8_0",), ("q4_0", "q4_0-imatrix")
GOALS = {"eight_bit": 5.5, "four_bit": 8.5, "over_bare": 1.05}
TEXT = "We hold these truths to be self-evident, that all men are created equal."
PACKAGES = ("torch", "transformers", "llama-cpp-python")


def milliseconds(step: Any, steps: int) -> float:
    """Median processor time of a call, of `steps` calls after a warm-up of a quarter as many."""
    for _ in range(steps // 4):
        step()
    took = []
    for _ in range(steps):
        start = time.process_time_ns()
        step()
        took.append((time.process_time_ns() - start) / 1e6)
    return median(took)


def through_us(folder: Path, project: Path, prompt: int, steps: int) -> dict[str, Any]:
    """Our decoder, with the tokens that it chose."""
    session = open_artifact(folder, project=project).session
    ids = prompt_ids(session.tokenize, [TEXT], prompt)
    decoder, chosen = session.decoder(), []
    decoder.prompt(ids)
    took = milliseconds(lambda: chosen.append(decoder.step()), steps)
    return {"ms": took, "ids": ids, "chosen": chosen, "context": session.context}


def bare(folder: Path, ids: list[int], chosen: list[int], context: int, steps: int) -> dict[str, Any]:
    """`llama_decode` on one token after the other, in a context with llama.cpp's own settings but one thread."""
    library = load()
    model_params, params = library.llama_model_default_params(), library.llama_context_default_params()
    model_params.n_gpu_layers = 0
    params.n_ctx, params.n_threads, params.n_threads_batch = context, 1, 1
    with captured():
        model = library.llama_model_load_from_file(str(folder / MODEL_FILE).encode(), model_params)
        opened = library.llama_init_from_model(model, params)
    tokens = iter(chosen)

    def feed(*tokens: int) -> None:
        array = (ctypes.c_int32 * len(tokens))(*tokens)
        assert library.llama_decode(opened, library.llama_batch_get_one(array, len(tokens))) == 0

    feed(*ids)
    return {"ms": milliseconds(lambda: feed(next(tokens)), steps)}


def side(kind: str, folder: Path, given: Any, other: dict[str, Any] | None = None) -> dict[str, Any]:
    """One side in a new process."""
    asked = {"kind": kind, "folder": str(folder), "prompt": given.prompt, "steps": given.steps, "other": other}
    command = [sys.executable, "-m", "benchmarks.decoding", "--side", json.dumps(asked)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """What `side` asks a process for."""
    folder, steps = Path(asked["folder"]), asked["steps"]
    if asked["kind"] == "ours":
        return through_us(folder, Path.cwd(), asked["prompt"], steps)
    known = {name: asked["other"][name] for name in ("ids", "chosen", "context")}
    return bare(folder, steps=steps, **known)


def measured(homes: dict[str, Path], given: Any) -> tuple[dict[str, list[float]], float]:
    """Milliseconds of each side and round, and the share of the processor that others took."""
    took: dict[str, list[float]] = {}
    known = {name: side("ours", homes[name], given) for name in homes}
    turns = [("ours", name) for name in homes] + [("bare", name) for name in homes if name != REFERENCE]
    others, order = Others(measuring_cpus(1)), random.Random(0)
    for number in range(given.rounds):
        print(f"round {number + 1} of {given.rounds}", file=sys.stderr, flush=True)
        for kind, name in order.sample(turns, len(turns)):
            start, before, children = time.monotonic(), others.busy(), os.times()
            took.setdefault(f"{kind} {name}", []).append(side(kind, homes[name], given, known[name])["ms"])
            own = sum(os.times()[2:4]) - sum(children[2:4])
            others.block(before, own, time.monotonic() - start)
    return took, others.share


def ratio(slower: list[float], faster: list[float]) -> dict[str, float]:
    """How many times as fast, with its interval over rounds."""
    estimate = ratio_from_logs([math.log(a / b) for a, b in zip(slower, faster, strict=True)])
    return {name: round(getattr(estimate, name), 3) for name in ("value", "low", "high")} | {"n": estimate.n}


def figures(took: dict[str, list[float]]) -> dict[str, Any]:
    """Medians, and ratios to transformers in FP32 and to the bare loop."""
    ours = {name.removeprefix("ours "): values for name, values in took.items() if name.startswith("ours ")}
    files = [name for name in ours if name != REFERENCE]
    return {
        "ms_per_token": {name: round(median(values), 3) for name, values in sorted(took.items())},
        "times_transformers_fp32": {name: ratio(ours[REFERENCE], ours[name]) for name in files},
        "ours_over_bare": {name: ratio(ours[name], took[f"bare {name}"]) for name in files},
    }


def missed(found: dict[str, Any]) -> list[str]:
    """Goals that the figures do not reach, in words."""
    speed = {name: value["value"] for name, value in found["times_transformers_fp32"].items()}
    told = []
    for names, goal in ((EIGHT_BIT, "eight_bit"), (FOUR_BIT, "four_bit")):
        fastest = max(speed[name] for name in names)
        if fastest < GOALS[goal]:
            told.append(f"{' and '.join(names)}: {fastest} times transformers in FP32, the goal is {GOALS[goal]}")
    for name, value in found["ours_over_bare"].items():
        if value["value"] > GOALS["over_bare"]:
            told.append(f"{name}: our loop takes {value['value']} times the bare one, at most {GOALS['over_bare']}")
    return told


def main() -> int:
    """Exit code 1 where a goal is missed."""
    parser = options(__doc__, rounds=6, prompt=32, steps=64)
    parser.add_argument("--side", help="answer for one side, as JSON; the script asks itself")
    given = parser.parse_args()
    os.sched_setaffinity(0, measuring_cpus(1))
    if given.side:
        print(json.dumps(answer(json.loads(given.side))))
        return 0
    workspace = Workspace(Path.cwd())
    homes = {name: workspace.home(Ref(FAMILY, name)) for name in (REFERENCE, *EIGHT_BIT, *FOUR_BIT)}
    took, others = measured(homes, given)
    found = figures(took)
    settings = {"rounds": given.rounds, "prompt": given.prompt, "steps": given.steps, "threads": 1}
    settings |= {"device": device("ZOOSMITH_BUILD_DEVICE"), "packages": public_versions(PACKAGES)}
    report({"settings": settings, "others_share": round(others, 4), **found, "goals": GOALS}, given.json)
    told = missed(found)
    print("\n".join(told), file=sys.stderr)
    return bool(told)


if __name__ == "__main__":
    sys.exit(main())
