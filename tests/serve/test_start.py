"""What `zoosmith serve` sets up before it takes requests."""

from __future__ import annotations

import os

import pytest

from zoosmith.serve import start
from zoosmith.serve.start import Settings


@pytest.mark.parametrize(
    ("workers", "threads", "classifiers", "kept"),
    [(4, 1, 1, True), (5, 1, 1, True), (3, 1, 1, False), (4, 2, 1, False), (4, 1, 2, False), (4, 1, 0, False)],
)
def test_workers_keep_to_cores_where_they_are_enough_for_all_and_of_one_classifier(
    monkeypatch: pytest.MonkeyPatch, workers: int, threads: int, classifiers: int, kept: bool
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {7, 0, 3, 5})
    settings = Settings(["a"], workers=workers, threads=threads)
    assert list(start._cores(settings, classifiers)) == ([0, 3, 5, 7] if kept else [])
