"""Inside a measured process: calls of chosen lengths, batches and numbers of callers, repeated for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoosmith.contract import Encoded
    from zoosmith.predictor import Predictor

AT_LEAST = 20


def repeat(call: Callable[[int], object], seconds: float, at_least: int = AT_LEAST) -> list[float]:
    """Milliseconds of each `call(i)`, for `seconds` and at least so many; a tenth of both goes before, unseen."""
    for i in range(max(1, at_least // 10)):
        call(i)
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
    """Milliseconds of `session.logits` at batch 1, tokenizer left out; `refused` where the model takes no such length.

    Raises what the model raises at lengths that its task promises.
    """
    encoded = of_length(predictor, inputs, tokens)
    try:
        predictor.session.logits(encoded)
    except Exception as error:  # each runtime has its own for a position that the model has no embedding for
        if tokens <= predictor.task.spec.max_length:
            raise
        return {"refused": str(error)}
    return {"ms": repeat(lambda _: predictor.session.logits(encoded), seconds)}


def at_batch(predictor: Predictor, inputs: list[Any], batch: int, seconds: float) -> dict[str, Any]:
    """Milliseconds of calls with `batch` examples, tokenizer included, padded to the longest of the call."""
    task = predictor.task
    examples = [task.unlabelled(value) for value in inputs]

    def call(i: int) -> None:
        chosen = [examples[(i * batch + j) % len(examples)] for j in range(batch)]
        predictor.session.logits(task.encode(chosen))

    return {"ms": repeat(call, seconds)}


def at_callers(predictor: Predictor, inputs: list[Any], callers: int, seconds: float) -> dict[str, Any]:
    """Milliseconds of `predict` at batch 1 asked by `callers` threads without pause, and the seconds they took."""
    took: list[list[float]] = [[] for _ in range(callers)]
    ready = threading.Barrier(callers + 1)

    def ask(i: int) -> None:
        ready.wait()
        took[i] = repeat(lambda j: predictor.predict([inputs[(i + j) % len(inputs)]]), seconds)

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(callers)]
    for thread in threads:
        thread.start()
    ready.wait()
    start = time.perf_counter()
    for thread in threads:
        thread.join()
    return {"ms": [value for values in took for value in values], "wall_s": time.perf_counter() - start}
