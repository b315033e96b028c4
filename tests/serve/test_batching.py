"""The queue before the workers."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoosmith.serve.batching import Batcher, Batching, Full


async def answered(requests: list[list[int]], batching: Batching) -> tuple[list[Any], list[int], list[int]]:
    """Answers by request (None where it was refused), each item as often as it was computed, sizes of batches."""
    done, sizes, lock = [], [], threading.Lock()

    def work(item: int) -> int:
        with lock:
            done.append(item)
        if item % 7 == 3:
            raise ValueError(item)
        return -item

    batcher = Batcher(work, batching, lambda items, seconds: sizes.append(items))
    accepted: list[Any] = []
    for number, items in enumerate(requests):
        try:
            accepted.append(batcher.submit(items))
        except Full:
            accepted.append(None)
        if number % 3 == 2:
            await asyncio.sleep(0)
    results = [future and (await asyncio.gather(future, return_exceptions=True))[0] for future in accepted]
    await asyncio.sleep(0)
    batcher.close()
    return results, done, sizes


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 9), max_size=20),
    workers=st.integers(1, 4),
    size=st.integers(1, 5),
    wait_s=st.sampled_from([0.0, 0.001]),
    waiting=st.integers(0, 30),
)
def test_every_accepted_request_is_answered_once_in_its_own_order(
    sizes: list[int], workers: int, size: int, wait_s: float, waiting: int
) -> None:
    """What fails, fails the request that it is of and no other; a request that does not fit is refused whole."""
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    requests = [list(range(start, start + count)) for start, count in zip(starts, sizes, strict=True)]
    results, done, batches = asyncio.run(answered(requests, Batching(workers, size, wait_s, waiting)))
    taken = [items for items, result in zip(requests, results, strict=True) if result is not None]
    assert sorted(done) == [item for items in taken for item in items]
    assert all(1 <= batch <= size for batch in batches)
    for items, result in zip(requests, results, strict=True):
        if result is None:
            assert items, "what asks for nothing fits always"
        elif any(item % 7 == 3 for item in items):
            assert isinstance(result, ValueError)
        else:
            assert result == [-item for item in items]


def test_a_full_queue_refuses_and_says_when_to_come_again() -> None:
    go = threading.Event()

    async def main() -> None:
        batcher = Batcher(lambda item: go.wait(10), Batching(workers=1, size=1, waiting=2))
        first = [batcher.submit([0]) for _ in range(3)]  # one is taken at once
        assert batcher.waiting == 2
        with pytest.raises(Full) as full:
            batcher.submit([0])
        assert full.value.retry_after >= 1
        first[1].cancel()
        later = batcher.submit([0])  # who has left makes room
        go.set()
        assert await asyncio.gather(first[0], first[2], later) == [[True]] * 3
        batcher.close()

    asyncio.run(main())


def test_what_was_cancelled_is_not_computed() -> None:
    go, done = threading.Event(), []

    def work(item: int) -> None:
        go.wait(10)
        done.append(item)

    async def main() -> None:
        batcher = Batcher(work, Batching(workers=1, size=2))
        futures = [batcher.submit([item]) for item in range(4)]
        futures[1].cancel()
        go.set()
        await asyncio.gather(*futures, return_exceptions=True)
        batcher.close()

    asyncio.run(main())
    assert done == [0, 2, 3]


def test_a_batch_that_is_not_full_waits_for_others_no_longer_than_told() -> None:
    async def main() -> tuple[list[int], float]:
        sizes: list[int] = []
        batcher = Batcher(lambda item: item, Batching(1, 4, 0.2), lambda items, seconds: sizes.append(items))
        begun = time.perf_counter()
        futures = [batcher.submit([item]) for item in range(4)]
        await asyncio.gather(*futures)
        full = time.perf_counter() - begun
        assert full < 0.15, "a full batch waits for nobody"
        await batcher.submit([5])
        waited = time.perf_counter() - begun - full
        batcher.close()
        return sizes, waited

    sizes, waited = asyncio.run(main())
    assert sizes == [4, 1]
    assert waited >= 0.19


def test_workers_share_what_waits() -> None:
    """Else one would take all of it, and the other would be idle."""
    both = threading.Barrier(2, timeout=5)

    async def main() -> None:
        batcher = Batcher(lambda item: both.wait(), Batching(workers=2, size=8))
        await asyncio.wait_for(batcher.submit([0, 1, 2, 3]), 10)
        batcher.close()

    asyncio.run(main())


@pytest.mark.parametrize("cores", [(), tuple(sorted(os.sched_getaffinity(0)))])
def test_each_thread_keeps_to_a_core_where_it_is_told_to(cores: tuple[int, ...]) -> None:
    allowed, together = os.sched_getaffinity(0), threading.Barrier(2)

    def where(_: Any) -> set[int]:
        together.wait(10)  # two threads, or one would answer both
        return os.sched_getaffinity(0)

    async def asked() -> list[set[int]]:
        batcher = Batcher(where, Batching(workers=2, cores=cores))
        found = await asyncio.gather(batcher.submit([0]), batcher.submit([1]))
        batcher.close()
        return [answer for [answer] in found]

    found = asyncio.run(asked())
    expected = [{cores[place % len(cores)]} for place in range(2)] if cores else [allowed] * 2
    assert sorted(map(sorted, found)) == sorted(map(sorted, expected))
    assert os.sched_getaffinity(0) == allowed


def test_a_core_that_was_taken_away_stops_no_thread() -> None:
    async def asked() -> list[int]:
        batcher = Batcher(lambda item: -item, Batching(cores=(max(os.sched_getaffinity(0)) + 4096,)))
        found = await batcher.submit([1, 2])
        batcher.close()
        return found

    assert asyncio.run(asked()) == [-1, -2]
