"""Files on their way into the store."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from zoosmith.store.adopting import add_bytes, arriving
from zoosmith.store.files import sha256_file
from zoosmith.store.store import Store


@pytest.mark.parametrize("way", [os.mkdir, os.mkfifo, lambda path: path.symlink_to(path)])
def test_what_is_no_file_makes_way_and_a_part_stays(tmp_path: Path, way: Callable[[Path], object]) -> None:
    (tmp_path / "right").write_bytes(b"bytes")
    store, sha256 = Store(tmp_path / "store"), sha256_file(tmp_path / "right")
    way(arriving(store, sha256))
    assert not os.path.lexists(arriving(store, sha256))
    arriving(store, sha256).write_bytes(b"by")
    assert arriving(store, sha256).read_bytes() == b"by"
    add_bytes(store, b"bytes", sha256)
    assert store.file(sha256).read_bytes() == b"bytes"
