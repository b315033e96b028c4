"""Inside a measured process: calls of chosen lengths, batches and numbers of callers, repeated for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoosmith.contract.session import Encoded
    from zoosmith.predictor import Predictor

AT_LEAST = 20


def repeat(call: Callable[[int], object], seconds: float, at_least: int = AT_LEAST) -> list[float]:
    """Milliseconds of each `call(i)`, for `seconds` and at least so many, after some that are not counted."""
    warm_up(call, at_least)
    return timed(call, seconds, at_least)


def warm_up(call: Callable[[int], object], at_least: int = AT_LEAST) -> None:
    """A tenth of the least number of calls, unseen."""
    for i in range(max(1, at_least // 10)):
        call(i)


def timed(call: Callable[[int], object], seconds: float, at_least: int = AT_LEAST) -> list[float]:
    """Milliseconds of each `call(i)`, for `seconds` and at least so many."""
    took: list[float] = []
    end = time.perf_counter() + seconds
    while len(took) < at_least or time.perf_counter() < end:
        start = time.perf_counter_ns()
        call(len(took))
        took.append((time.perf_counter_ns() - start) / 1e6)
    return took


def of_length(predictor: Predictor, inputs: list[Any], tokens: int) -> Encoded:
    """One input of exactly `tokens` tokens: those of `inputs`, one after the other, as often as it takes.

    Made of tokens, not text, because the tokenizer cuts text at the task's `max_length`; a time does not depend
    on which tokens they are.
    """
    import numpy as np

    task = predictor.task
    rows = [task.encode([task.unlabelled(value)]) for value in inputs]
    return {name: np.resize(np.concatenate([row[name][0] for row in rows]), (1, tokens)) for name in rows[0]}


def at_length(predictor: Predictor, inputs: list[Any], tokens: int, seconds: float) -> dict[str, Any]:
    """Milliseconds of `session.classify` at batch 1, tokenizer left out; `refused` if the model takes no such length.

    Raises what the model raises at lengths that its task promises.
    """
    encoded = of_length(predictor, inputs, tokens)
    try:
        predictor.session.classify(encoded)
    except Exception as error:  # each runtime has its own for a position that the model has no embedding for
        if tokens <= predictor.task.spec.max_length:
            raise
        return {"refused": str(error)}
    return {"ms": repeat(lambda _: predictor.session.classify(encoded), seconds)}


def at_batch(predictor: Predictor, inputs: list[Any], batch: int, seconds: float) -> dict[str, Any]:
    """Milliseconds of calls with `batch` examples, tokenizer included, padded to the longest of the call."""
    task = predictor.task
    examples = [task.unlabelled(value) for value in inputs]

    def call(i: int) -> None:
        chosen = [examples[(i * batch + j) % len(examples)] for j in range(batch)]
        predictor.session.classify(task.encode(chosen))

    return {"ms": repeat(call, seconds)}


def at_callers(predictor: Predictor, inputs: list[Any], callers: int, seconds: float) -> dict[str, Any]:
    """Milliseconds of `predict` at batch 1 asked by `callers` threads without pause, and the seconds they took.

    Each thread warms up for itself; the clock starts when all have. Raises what the first failing call raises.
    """
    started: list[float] = []
    ready = threading.Barrier(callers, action=lambda: started.append(time.perf_counter()))

    def ask(i: int) -> list[float]:
        def call(j: int) -> object:
            return predictor.predict([inputs[(i + j) % len(inputs)]])

        try:
            warm_up(call)
        except Exception:
            ready.abort()  # or the others would wait for ever
            raise
        ready.wait()
        return timed(call, seconds)

    with ThreadPoolExecutor(callers) as pool:
        asked = [pool.submit(ask, i) for i in range(callers)]
        errors = [error for each in asked if (error := each.exception())]
    end = time.perf_counter()
    for error in sorted(errors, key=lambda error: isinstance(error, threading.BrokenBarrierError)):
        raise error
    return {"ms": [value for each in asked for value in each.result()], "wall_s": end - started[0]}
