"""A bounded queue before a few worker threads, which take what waits in batches by size and time.

A batch is what one thread takes from the queue at once, never what is put through a model together: a predictor
computes each answer on its own, since padding and neighbours change an answer of some formats (dynamic INT8 rounds by
all that it is given). So a batch saves hops between threads, and waits for nobody unless it is told to. A thread that
has answered takes what waits next by itself: by way of the loop a core would stand still until that had its turn.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

SMOOTHING = 0.1  # of the mean seconds that an item takes, by which callers are told when to come again


class Full(Exception):
    """The queue has no room for a request; `retry_after` is in how many whole seconds it should have."""

    def __init__(self, retry_after: int) -> None:
        """Keep it."""
        super().__init__(f"the queue is full; ask again in {retry_after} seconds")
        self.retry_after = retry_after


@dataclass(frozen=True)
class Batching:
    """How a queue is emptied.

    workers: threads. size: items of a batch at most. wait_s: how long the first item of a batch that is not full waits
    for others; 0 never waits. waiting: items that the queue holds at most. cores: those that threads keep to, one each
    and in turn; none leaves it to the operating system.
    """

    workers: int = 1
    size: int = 8
    wait_s: float = 0.0
    waiting: int = 256
    cores: Sequence[int] = ()


@dataclass(eq=False)
class _Request:
    """Items that came together and are answered together, in their order."""

    items: Sequence[Any]
    future: asyncio.Future[list[Any]]
    came: float
    answers: dict[int, Any] = field(default_factory=dict)
    failure: Exception | None = None

    def answered(self, index: int, answer: Any) -> None:
        """Keep the answer to an item; the last one answers the request."""
        self.answers[index] = answer
        if isinstance(answer, Exception) and self.failure is None:
            self.failure = answer
        if len(self.answers) < len(self.items) or self.future.done():
            return
        if self.failure is not None:
            self.future.set_exception(self.failure)
        else:
            self.future.set_result([self.answers[index] for index in range(len(self.items))])


Item = tuple[_Request, int]


class Batcher:
    """Answers items in worker threads. All public methods are called in the loop's thread."""

    def __init__(
        self,
        work: Callable[[Any], Any],
        batching: Batching,
        observe: Callable[[int, float], None] = lambda items, seconds: None,
    ) -> None:
        """`work` answers one item, in a worker thread; `observe` gets the size of each batch and its seconds."""
        self.batching = batching
        self._work, self._observe = work, observe
        self._loop = asyncio.get_running_loop()
        self._pool = ThreadPoolExecutor(batching.workers, "answers", _kept_to(batching.cores))
        self._lock = threading.Lock()  # over the two that follow, and never held for long
        self._queue: deque[Item] = deque()
        self._idle = batching.workers
        self._closed = False
        self._mean_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Items that no worker has taken yet."""
        return len(self._queue)

    def submit(self, items: Sequence[Any]) -> asyncio.Future[list[Any]]:
        """Accept items, whole or not at all: the answers in their order, or the first exception that one raised.

        A future that is cancelled takes what waits of it out of the queue. Raises Full.
        """
        if self.waiting + len(items) > self.batching.waiting:
            self._forget_cancelled()
            if self.waiting + len(items) > self.batching.waiting:
                raise Full(self._retry_after())
        request = _Request(items, self._loop.create_future(), self._loop.time())
        with self._lock:
            self._queue.extend((request, index) for index in range(len(items)))
        if not items:
            request.future.set_result([])
        self._dispatch()
        return request.future

    def close(self) -> None:
        """Let the threads go; what they work at is finished first."""
        self._closed = True
        self._pool.shutdown(wait=True)

    def _dispatch(self) -> None:
        """Wake idle workers for what is due, and come again when what is not will be."""
        while batch := self._first():
            self._pool.submit(self._run, batch)
        with self._lock:
            left = self._left_s() if self._queue and self._idle else 0.0
        if left > 0 and self._timer is None:
            self._timer = self._loop.call_later(left, self._ripe)

    def _ripe(self) -> None:
        self._timer = None
        self._dispatch()

    def _first(self) -> list[Item]:
        """A batch for a worker that is idle until now; none where nothing is due, or nobody idle."""
        with self._lock:
            batch = self._taken() if self._idle else []
            self._idle -= bool(batch)
        return batch

    def _next(self) -> list[Item]:
        """A batch for a worker that has answered one; none where nothing is due, and it is idle from now on."""
        with self._lock:
            batch = [] if self._closed else self._taken()
            self._idle += not batch
        return batch

    def _taken(self) -> list[Item]:
        if not self._queue or self._left_s() > 0:
            return []
        share = math.ceil(len(self._queue) / self.batching.workers)  # or one thread would take what two could do
        wanted = self.batching.size if self.batching.wait_s else min(share, self.batching.size)
        return [self._queue.popleft() for _ in range(min(wanted, len(self._queue)))]

    def _left_s(self) -> float:
        """Seconds until the next batch is due: it is full, or has waited long enough."""
        if not self.batching.wait_s or len(self._queue) >= self.batching.size:
            return 0.0
        return self._queue[0][0].came + self.batching.wait_s - self._loop.time()

    def _run(self, batch: list[Item]) -> None:
        """Answer batches, in a worker thread, as long as there are any; what one item raises is its answer alone."""
        while batch:
            start, answers = time.perf_counter(), []
            for request, index in batch:
                answers.append(None if request.future.cancelled() else self._answer(request.items[index]))
            seconds, following = time.perf_counter() - start, self._next()
            self._loop.call_soon_threadsafe(self._finished, batch, answers, seconds)
            batch = following

    def _answer(self, item: Any) -> Any:
        try:
            return self._work(item)
        except Exception as error:  # whatever a model raises: it fails this request and no other
            return error

    def _finished(self, batch: list[Item], answers: list[Any], seconds: float) -> None:
        self._mean_s += SMOOTHING * (seconds / len(batch) - self._mean_s)
        self._observe(len(batch), seconds)
        for (request, index), answer in zip(batch, answers, strict=True):
            request.answered(index, answer)
        self._dispatch()

    def _forget_cancelled(self) -> None:
        with self._lock:
            self._queue = deque(item for item in self._queue if not item[0].future.cancelled())

    def _retry_after(self) -> int:
        return max(1, math.ceil(len(self._queue) * self._mean_s / self.batching.workers))


def _kept_to(cores: Sequence[int]) -> Callable[[], None] | None:
    """What each thread does first. Source: sched_setaffinity(2), which takes a thread's id too."""
    turn = itertools.cycle(cores)

    def keep() -> None:
        with suppress(OSError):  # the core was taken from this process since: the thread stays where it may
            os.sched_setaffinity(threading.get_native_id(), {next(turn)})

    return keep if cores else None
