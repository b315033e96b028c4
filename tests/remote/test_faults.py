"""Faults at random, and ends at every moment: no wrong byte is served, nothing is lost, the next run is right."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from tests.remote.conftest import Config, Machine
from tests.support.s3 import S3, Fault

KINDS = ("status", "denied", "cut", "wrong", "short", "full")
METHODS, NAMES = ("GET", "PUT", "HEAD"), ("", "ac/", "cas/")
FILES = {"model.onnx": random.Random(0).randbytes(200_000), "manifest.json": b"{}", "sub/vocab.txt": b"a\nb\n"}


@pytest.mark.slow
def test_a_hundred_faults_at_random(bucket: S3, config: Config, tmp_path: Path) -> None:
    """Each of twenty rounds builds on one machine and downloads on another, with five faults on the way."""
    chance, came = random.Random(7), 0
    for number in range(20):
        bucket.faults[:] = [Fault(*map(chance.choice, (KINDS, METHODS, NAMES)), times=2) for _ in range(5)]
        ours, theirs = (Machine(tmp_path / f"{name}{number}", config()) for name in ("ours", "theirs"))
        made = ours.build(FILES | {"which": bytes([number])}, x=number)
        ours.caches.send(made)
        got = theirs.fetched(made.key)
        came += got is not None
        assert got is None or got.tree == made.tree
        assert theirs.store.finished(made.key) == got
        assert len(theirs.warned) <= 2 and len(ours.warned) <= 2
        bucket.faults.clear()
        again = Machine(tmp_path / f"ours{number}", config())
        again.fetched(made.key)  # which finds what is wrong there, if anything is
        again.caches.send(made)
        last = Machine(tmp_path / f"last{number}", config())
        assert last.fetched(made.key) and last.warned == []
        last.store.checkout(made.tree, tmp_path / "out")
        assert (tmp_path / "out" / "model.onnx").read_bytes() == FILES["model.onnx"]
    assert 0 < came < 20


class Ended(BaseException):
    """As a kill: nothing of ours catches it."""


@pytest.mark.parametrize("after", range(5))
def test_an_end_while_sending_leaves_whole_results_or_none(
    after: int, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = Machine(tmp_path / "ours", config()), Machine(tmp_path / "theirs", config())
    made, writes = ours.build(FILES, x=1), []
    objects: Any = ours.caches.caches[0].objects
    create = objects.create

    def dying(*arguments: Any, **named: Any) -> bool:
        writes.append(arguments[0])
        if len(writes) > after:
            raise Ended
        return bool(create(*arguments, **named))

    monkeypatch.setattr(objects, "create", dying)
    with pytest.raises(Ended):
        ours.caches.send(made)
    assert theirs.fetched(made.key) is None and theirs.warned == []
    Machine(tmp_path / "ours", config()).caches.send(made)
    assert theirs.fetched(made.key)


def test_an_end_while_fetching_leaves_no_result_and_loses_no_file(
    bucket: S3, ours: Machine, theirs: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ours.build(FILES, x=1)
    ours.caches.send(made)

    def dying(*arguments: Any) -> None:
        raise Ended

    with monkeypatch.context() as patched, pytest.raises(Ended):
        patched.setattr("zoosmith.remote.trees.adopting.add_listing", dying)
        theirs.fetched(made.key)
    assert theirs.store.finished(made.key) is None
    bucket.asked.clear()
    assert theirs.fetched(made.key) and theirs.store.has(made.tree)
    assert len(bucket.asked) == 2  # the result and the list: the files are here
