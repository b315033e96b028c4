"""The benchmark of `zoosmith serve`: its callers ask as they say, and a goal that is missed is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import serve
from benchmarks._serve_load import Load, closed_loop, once, request
from tests.support.served import running, write_table, write_zoo
from zoosmith.serve.start import Settings

KEPT: dict[str, Any] = {"level_mb": 100.0, "end_mb": 101.0, "requests": 5, "statuses": {"good 200": 4, "harm 400": 1}}


def loads(*per_second: float) -> list[Load]:
    return [Load({200: 100}, [2.0] * 99 + [9.0], 100 / each) for each in per_second]


def test_the_ratio_is_that_of_neighbouring_blocks() -> None:
    found = serve.figures([100.0, 200.0, 100.0], loads(90.0, 180.0, 90.0), KEPT)
    assert found["ratio"] == {"value": 0.9, "low": 0.9, "high": 0.9, "n": 3}
    assert found["ms"] == {"p50": 2.0, "p99": 2.0, "n": 300}
    assert found["soak"]["growth"] == 0.01
    assert serve.missed(found) == []


def test_each_goal_that_is_missed_is_told() -> None:
    wrong = KEPT | {"end_mb": 106.0, "statuses": {"good 200": 4, "good 500": 1, "harm 200": 2, "harm 500": 1}}
    load = loads(80.0, 80.0, 80.0)
    load[0].statuses[503] = 2
    speed, memory, answers = serve.missed(serve.figures([100.0] * 3, load, wrong))
    assert "0.8 of the throughput" in speed
    assert "+6.0%" in memory
    assert "2 under load, good 500, harm 500 after it" in answers


def test_callers_ask_again_until_the_time_is_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOOSMITH_PROJECT", str(tmp_path))
    write_table(write_zoo(tmp_path), "mood", seconds=0.01)
    with running(Settings(("mood",), port=0, workers=2, grace_s=5)) as (url, _):
        found = closed_loop(url, [request("/predict", {"inputs": ["good"]}), request("/predict", b"{")], 4, 0.5)
        assert set(found.statuses) == {200, 400}
        assert abs(found.statuses[200] - found.statuses[400]) <= 4
        assert sum(found.statuses.values()) == len(found.ms) > 8
        assert found.per_second == pytest.approx(len(found.ms) / found.seconds)
        statuses = {once(url, data, wait=wait) for data, wait in serve.harmful("mood")}
    assert statuses <= {None, 400, 404, 413, 422, 431}
    assert {400, 404, 413, 422} <= statuses
