"""How fast a language model reads a prompt and writes, each apart, in processes of its own.

Suite quick looks at a short prompt. Suite full adds contexts as long as the session holds, and threads: of several
threads nothing is told where the host is not idle, for they wait for each other, and then for whoever else is at work.

Every point of `by_context` and `by_threads` has a process of its own, started for it. So `memory_mb` is what somebody
needs who opens this artifact for one sequence of that length: the most that was resident (VmHWM), with the packages,
the weights as far as they were touched, and the cache of keys and values. A runtime that allocates its cache whole when
a sequence is begun, as llama.cpp does, shows the same number at each length. On a device with memory of its own it is
the most that was in use there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zoosmith.bench.process import Opened, opened
from zoosmith.bench.speed import latency, measuring_cpus, percentile
from zoosmith.bench.steadiness import BUSY
from zoosmith.bench.usage import Others, Timed, prove
from zoosmith.contract.errors import ZooError
from zoosmith.records.timing import AtContext, AtThreads, Generation

PROMPT, STEPS = 32, 16
CONTEXTS = (128, 512, 1024, 2048)


@dataclass(frozen=True)
class Effort:
    """How often a prompt is read and continued: for `seconds`, within the bounds."""

    seconds: float
    at_least: int
    at_most: int


WARM_UP = Effort(0.0, 1, 1)
QUICK = Effort(3.0, 3, 256)
FULL = Effort(10.0, 5, 1024)
POINT = Effort(2.0, 2, 256)  # of each context and each number of threads

Report = Callable[..., None]


def measure(folder: Path, arguments: dict[str, Any], progress: Report, full: bool, say: Report) -> Generation:
    """Everything of `Generation`; `arguments` as in `speed.compare`, `say` for what stays on the screen.

    Raises ZooError where the runtime works with more threads than it was given, or the eval's texts are empty.
    """
    progress(text="reading prompts and writing")
    with opened("artifact") as [child]:
        child.ask("open", folder=str(folder), **arguments)
        about = child.ask("decode", kind="about")
        found = _timed(child, PROMPT, STEPS, FULL if full else QUICK, arguments)
    if "refused" in found:
        raise ZooError(f"the suite times a prompt of {PROMPT} tokens and {STEPS} more: {found['refused']}")
    return Generation(
        prompt_tokens=PROMPT,
        ttft_ms=latency(found["first_ms"]),
        token_ms=latency(found["step_ms"]),
        **_rates(PROMPT, found),
        by_context=tuple(_by_context(folder, arguments, progress, about["context"])) if full else (),
        by_threads=tuple(_by_threads(folder, arguments, progress, say)) if full else (),
        kv_type=about["kv_type"],
    )


def _timed(child: Opened, prompt: int, steps: int, effort: Effort, arguments: dict[str, Any]) -> dict[str, Any]:
    """What `Decoding.passes` tells after a warm-up, and in `others` the share that others took of the processors."""
    lengths = {"prompt": prompt, "steps": steps}
    warm = child.ask("decode", kind="passes", **lengths, **asdict(WARM_UP))
    if "refused" in warm:
        return warm
    others, before = Others(arguments["cpus"]), child.ask("usage")
    busy = others.busy()
    found = child.ask("decode", kind="passes", **lengths, **asdict(effort))
    others.block(busy, found["cpu_s"], found["wall_s"])
    prove(child.name, arguments["threads"], Timed(found["cpu_s"], found["wall_s"]), before, child.ask("usage"))
    return found | {"others": others.share}


def _rates(prompt: int, found: dict[str, Any]) -> dict[str, float]:
    """Tokens a second: of the prompt, and of what is written after the first token; medians."""
    read, wrote = (percentile(found[name], 0.5) for name in ("prompt_ms", "step_ms"))
    return {"prompt_per_s": round(1000 * prompt / read, 2), "per_s": round(1000 / wrote, 2)}


def _by_context(folder: Path, arguments: dict[str, Any], progress: Report, context: int | None) -> Iterator[AtContext]:
    """Ascending, as far as the session goes; the last token that is written fills the context."""
    for tokens in CONTEXTS:
        if context is not None and tokens > context:
            return
        progress(text=f"reading and writing {tokens} tokens")
        with opened("artifact") as [child]:
            child.ask("open", folder=str(folder), **arguments)
            found = _timed(child, tokens - STEPS, STEPS, POINT, arguments)
            memory = child.ask("memory")
        if "refused" in found:
            return
        most = (memory["vram"] or memory["memory"])["peak"]
        rates = _rates(tokens - STEPS, found)
        yield AtContext(tokens=tokens, **rates, memory_mb=most, n=len(found["step_ms"]))


def _by_threads(folder: Path, arguments: dict[str, Any], progress: Report, say: Report) -> Iterator[AtThreads]:
    """Each number of threads on as many processors; where others were at work there, one thread alone."""
    for threads in thread_counts(len(os.sched_getaffinity(0))):
        progress(text=f"writing with {threads} threads")
        given = arguments | {"threads": threads, "cpus": measuring_cpus(threads)}
        with opened("artifact") as [child]:
            child.ask("open", folder=str(folder), **given)
            found = _timed(child, PROMPT, STEPS, POINT, given)
        if threads > 1 and found["others"] > BUSY:
            say(f"others took {found['others']:.1%} of the processors: no speed is told with {threads} threads")
            continue
        yield AtThreads(threads=threads, **_rates(PROMPT, found), n=len(found["step_ms"]))


def thread_counts(cores: int) -> list[int]:
    """Powers of two below the number of cores, and that number."""
    return [*(2**i for i in range(cores.bit_length()) if 2**i < cores), cores]
