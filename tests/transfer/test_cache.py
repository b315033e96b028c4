"""The user's cache after kills."""

from __future__ import annotations

import os
import time
from pathlib import Path

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
