"""What people deploy by: latency by length, throughput by batch and callers, cold start, weights."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from zoosmith.bench.process import Opened, opened
from zoosmith.bench.speed import percentile
from zoosmith.records.timing import AtBatch, AtCallers, AtLength, ColdStart, Profile, Weights

LENGTHS = (16, 32, 64, 128, 256, 512)
BATCHES = (1, 8, 32)
CALLERS = (1, 2, 4)
COLD_STARTS = 5
COUNTED_AT = 128  # tokens at which multiply-adds are counted, where the model goes as far

Report = Callable[..., None]


def measure(folder: Path, arguments: dict[str, Any], progress: Report, seconds: float) -> Profile:
    """Everything of `Profile`, about `seconds` for each point; `arguments` as in `speed.compare`.

    Callers get every processor of the host, each call keeping to its threads; all else the measuring ones.
    """
    cold = cold_start(folder, arguments, progress)
    with opened("artifact") as [child]:
        child.ask("open", folder=str(folder), **arguments)
        batches = [_at_batch(child, batch, seconds, progress) for batch in BATCHES]
        lengths = list(_by_length(child, seconds, progress))
        progress(text="counting weights")
        weights = _weights(child, [at.tokens for at in lengths if at.tokens <= COUNTED_AT])
    return Profile(
        by_length=tuple(lengths),
        by_batch=tuple(batches),
        by_callers=_by_callers(folder, arguments, progress, seconds),
        cold_start_ms=cold,
        weights=weights,
    )


def measure_asked(folder: Path, arguments: dict[str, Any], progress: Report, seconds: float) -> Profile:
    """Cold start, weights and callers: what of `Profile` is told of a language model that answers prompts."""
    alone = measure_generator(folder, arguments, progress)
    return alone.model_copy(update={"by_callers": _by_callers(folder, arguments, progress, seconds)})


def measure_generator(folder: Path, arguments: dict[str, Any], progress: Report) -> Profile:
    """Cold start and weights: what of `Profile` is told of a language model. The rest is in `Generation`."""
    cold = cold_start(folder, arguments, progress)
    with opened("artifact") as [child]:
        child.ask("open", folder=str(folder), **arguments)
        progress(text="counting weights")
        found = child.ask("weights", tokens=None)["weights"]
    return Profile(cold_start_ms=cold, weights=None if found is None else Weights(**found))


def _by_callers(folder: Path, arguments: dict[str, Any], progress: Report, seconds: float) -> tuple[AtCallers, ...]:
    with opened("artifact") as [child]:
        child.ask("open", folder=str(folder), **arguments | {"cpus": sorted(os.sched_getaffinity(0))})
        return tuple(_at_callers(child, count, seconds, progress) for count in CALLERS)


def _by_length(child: Opened, seconds: float, progress: Report) -> Iterator[AtLength]:
    """Ascending, up to the last length that the model takes: on some devices a refusal ends the process."""
    for tokens in LENGTHS:
        progress(text=f"latency with {tokens} tokens")
        found = child.ask("sweep", kind="at_length", tokens=tokens, seconds=seconds)
        if "refused" in found:
            return
        p50, p95 = (round(percentile(found["ms"], share), 3) for share in (0.5, 0.95))
        yield AtLength(tokens=tokens, p50=p50, p95=p95, n=len(found["ms"]))


def _at_batch(child: Opened, batch: int, seconds: float, progress: Report) -> AtBatch:
    progress(text=f"throughput with batches of {batch}")
    took = child.ask("sweep", kind="at_batch", batch=batch, seconds=seconds)["ms"]
    return AtBatch(batch=batch, per_second=round(1000 * batch * len(took) / sum(took), 2), n=len(took))


def _at_callers(child: Opened, callers: int, seconds: float, progress: Report) -> AtCallers:
    progress(text=f"throughput with {callers} callers")
    found = child.ask("sweep", kind="at_callers", callers=callers, seconds=seconds)
    n = len(found["ms"])
    p95 = round(percentile(found["ms"], 0.95), 3)
    return AtCallers(callers=callers, per_second=round(n / found["wall_s"], 2), p95=p95, n=n)


def _weights(child: Opened, lengths: list[int]) -> Weights | None:
    """Counted at the longest of the lengths that the model takes; None where it takes none of ours."""
    if not lengths:
        return None
    tokens = max(lengths)
    found = child.ask("weights", tokens=tokens)["weights"]
    return None if found is None else Weights(tokens=tokens, **found)


def cold_start(folder: Path, arguments: dict[str, Any], progress: Report, starts: int = COLD_STARTS) -> ColdStart:
    """Medians over fresh processes, from their start to a first answer; files are in the page cache."""
    found = []
    for start in range(starts):
        progress(start, starts, "cold start")
        with opened("artifact") as [child]:
            found.append(child.ask("cold", started=child.started, folder=str(folder), **arguments))
    stages = {stage: round(median(one[stage] for one in found), 1) for stage in ("imports", "load", "first")}
    return ColdStart(**stages, n=starts)
