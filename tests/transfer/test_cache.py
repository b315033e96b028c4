"""The user's cache after kills."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from zoosmith.store.files import sha256_file
from zoosmith.transfer.cache import STALE_S, Cache


def test_what_killed_writers_left_goes_after_a_day(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    old = [cache.file(".new-abc"), cache.registry("https://a").with_name(".a.json.abcd1234")]
    young, kept = cache.file(".new-def"), cache.registry("https://a")
    for path in (*old, young, kept):
        path.write_text("x")
    for path in (*old, kept):
        os.utime(path, (0, time.time() - STALE_S - 9))
    Cache(tmp_path)
    assert [path.exists() for path in (*old, young, kept)] == [False, False, True, True]


def test_a_writer_that_finishes_while_the_cache_is_swept_is_no_fault(tmp_path: Path) -> None:
    """A link to nothing: listed, and not there when it is looked at."""
    Cache(tmp_path).file(".new-abc").symlink_to("renamed")
    Cache(tmp_path)


IN_THE_WAY: dict[str, Callable[[Path], object]] = {
    "other bytes": lambda file: file.write_bytes(b"BYTES"),
    "fewer bytes": lambda file: file.write_bytes(b"b"),
    "a folder": lambda file: (file / "x").mkdir(parents=True),
    "a pipe": os.mkfifo,
    "a link to itself": lambda file: file.symlink_to(file),
    "a link to nothing": lambda file: file.symlink_to("nothing"),
    "a link to the bytes": lambda file: file.symlink_to(file.parents[2] / "right"),
}


@pytest.mark.parametrize("damage", IN_THE_WAY)
def test_what_is_not_the_file_makes_way_for_it(tmp_path: Path, damage: str) -> None:
    (tmp_path / "right").write_bytes(b"bytes")
    sha256, target = sha256_file(tmp_path / "right"), tmp_path / "target"
    cache = Cache(tmp_path / "cache")
    IN_THE_WAY[damage](cache.file(sha256))
    assert not cache.take(sha256, 5, target)
    assert not target.exists()
    cache.keep(tmp_path / "right", sha256)
    assert cache.take(sha256, 5, target)
    assert target.read_bytes() == (tmp_path / "right").read_bytes() == b"bytes"
