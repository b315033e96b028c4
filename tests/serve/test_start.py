"""What `zoosmith serve` sets up before it takes requests."""

from __future__ import annotations

import os

import pytest

from zoosmith.serve import start
from zoosmith.serve.start import Settings


@pytest.mark.parametrize(("workers", "threads", "kept"), [(4, 1, True), (5, 1, True), (3, 1, False), (4, 2, False)])
def test_workers_keep_to_cores_where_they_are_enough_for_all(
    monkeypatch: pytest.MonkeyPatch, workers: int, threads: int, kept: bool
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {7, 0, 3, 5})
    assert list(start._cores(Settings(["a"], workers=workers, threads=threads))) == ([0, 3, 5, 7] if kept else [])
