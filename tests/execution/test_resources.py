"""Cores and memory that steps share."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoosmith.contract.output import Resources
from zoosmith.execution.resources import Budget, memory_mb, of_this_machine

STEPS = st.lists(st.builds(Resources, st.integers(0, 6), st.integers(0, 600)), min_size=1, max_size=24)


@settings(max_examples=40, deadline=None)
@given(STEPS, st.integers(1, 4), st.integers(1, 400))
def test_never_oversubscribed_and_every_step_gets_its_turn(steps: list[Resources], cpus: int, memory: int) -> None:
    budget, lock = Budget(cpus, memory), threading.Lock()
    running: list[Resources] = []
    ran = []

    def step(wanted: Resources) -> None:
        with budget.reserve(wanted):
            with lock:
                running.append(wanted)
                seen = list(running)
            assert sum(min(one.cpus, cpus) for one in seen) <= cpus
            assert sum(min(one.memory_mb, memory) for one in seen) <= memory
            time.sleep(0.0002)
            with lock:
                running.remove(wanted)
                ran.append(wanted)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(step, steps, timeout=60))
    assert sorted(ran) == sorted(steps)
    assert (budget.used_cpus, budget.used_memory) == (0, 0)


def test_steps_that_fit_run_side_by_side() -> None:
    budget, together = Budget(2, 1000), threading.Barrier(2, timeout=10)

    def step() -> None:
        with budget.reserve(Resources(1, 500)):
            together.wait()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(step), pool.submit(step)]:
            done.result()


def test_a_step_larger_than_the_machine_runs_alone() -> None:
    budget = Budget(2, 1000)
    with budget.reserve(Resources(10**6, 10**9)):
        assert (budget.used_cpus, budget.used_memory) == (2, 1000)
        waiting = threading.Thread(target=lambda: budget.reserve(Resources(1, 1)).__enter__(), daemon=True)
        waiting.start()
        waiting.join(0.1)
        assert waiting.is_alive()
    waiting.join(10)
    assert not waiting.is_alive()


def test_a_failing_step_gives_back_what_it_held() -> None:
    budget = Budget(2, 1000)
    with pytest.raises(RuntimeError), budget.reserve(Resources(2, 10)):
        raise RuntimeError
    assert (budget.used_cpus, budget.used_memory) == (0, 0)


def test_this_machine() -> None:
    total = of_this_machine().total
    assert total.cpus == len(os.sched_getaffinity(0))
    assert 256 < total.memory_mb < 2**24


def test_memory_is_that_of_the_control_group_where_it_has_less(tmp_path: Path) -> None:
    physical = memory_mb(tmp_path)
    for limit, found in (("max", physical), (str(300 * 2**20), 300), (str(2**60), physical), ("", physical)):
        (tmp_path / "memory.max").write_text(f"{limit}\n")
        assert memory_mb(tmp_path) == found
