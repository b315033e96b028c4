"""What a step tells of its progress does not come more often than the driver can hear of all."""

import pytest

from zoosmith.execution.cluster.pace import Paced, pace_s


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_first_report_comes_at_once_and_then_the_last_state_now_and_then() -> None:
    clock, told = Clock(), []
    paced = Paced(10, clock)
    for tenth in range(1000):  # a hundred seconds
        clock.now = tenth / 10
        paced.add({"done": tenth, "total": 1000, "text": "rows"} if tenth % 2 else {"memory_mb": tenth})
        if state := paced.due():
            told.append(state)
    assert len(told) == 10
    assert told[0] == {"memory_mb": 0}
    assert told[1] == {"done": 99, "total": 1000, "text": "rows", "memory_mb": 100}


def test_where_nothing_is_new_nothing_is_told() -> None:
    paced = Paced(0)
    assert paced.due() is None
    paced.add({"memory_mb": 1})
    assert paced.due() == {"memory_mb": 1} and paced.due() is None


@pytest.mark.parametrize(("nodes", "seconds"), [(1, 0.5), (3, 0.5), (1000, 10), (10_000, 30)])
def test_the_more_nodes_the_rarer(nodes: int, seconds: float) -> None:
    assert pace_s(nodes) == seconds
