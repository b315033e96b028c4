"""Files that are there whole or not at all."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.crash import kill_at_every_call
from zoosmith.contract.errors import ZooError
from zoosmith.store import files
from zoosmith.store.files import copy_file, payload, replace_folder, sha256_file, sweep_atomic, write_atomic


def test_write_atomic_makes_folders_and_readable_files(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b.json"
    write_atomic(file, b"one")
    write_atomic(file, b"two")
    assert file.read_bytes() == b"two"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert [path.name for path in file.parent.iterdir()] == ["b.json"]


def test_a_failed_write_leaves_the_old_bytes_and_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "b.json"
    write_atomic(file, b"old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomic(file, b"new")
    assert file.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["b.json"]


def test_a_kill_at_any_call_leaves_old_or_new_bytes(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    write_atomic(file, b"old")
    seen = []
    calls = kill_at_every_call(lambda: write_atomic(file, b"new"), lambda: seen.append(file.read_bytes()))
    assert calls >= 4
    assert set(seen) == {b"old", b"new"} and seen[0] == b"old"


def test_what_a_kill_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    file, others = tmp_path / "rows.json", [".rows.json.swp", ".rows.json", ".other.json.abcd1234", "rows.json"]
    assert kill_at_every_call(lambda: write_atomic(file, b"new"), lambda: None)
    assert len(list(tmp_path.iterdir())) > 1
    for name in others:
        (tmp_path / name).write_text("somebody's")
    sweep_atomic(file)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


def folder_of(path: Path, text: str) -> Path:
    path.mkdir(parents=True)
    for name in ("a", "b"):
        (path / name).write_text(text)
    return path


@pytest.mark.parametrize("exchanged", [True, False])
def test_a_folder_takes_the_place_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchanged: bool) -> None:
    if not exchanged:
        monkeypatch.setattr(files, "_exchange", lambda one, other: False)
    target = tmp_path / "site"
    replace_folder(folder_of(tmp_path / "fresh", "one"), target)
    replace_folder(folder_of(tmp_path / "fresh", "two"), target)
    assert (target / "a").read_text() == (target / "b").read_text() == "two"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_kill_at_any_moment_leaves_one_whole_folder_or_the_other(tmp_path: Path) -> None:
    target = folder_of(tmp_path / "site", "old")
    seen = []

    def replace() -> None:
        replace_folder(folder_of(tmp_path / f"fresh-{os.getpid()}", "new"), target)

    calls = kill_at_every_call(replace, lambda: seen.append({(target / name).read_text() for name in ("a", "b")}))
    assert calls >= 10
    assert seen[0] == {"old"} and seen[-1] == {"new"}
    assert all(texts in ({"old"}, {"new"}) for texts in seen)


def test_folders_that_cannot_be_exchanged_for_another_reason_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        files._exchange(tmp_path / "absent", tmp_path)


@given(st.binary(max_size=300))
def test_sha256_is_that_of_the_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "hashed.bin"
    file.write_bytes(data)
    assert sha256_file(file) == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("reflink", [True, False])
def test_copy_gives_equal_bytes_in_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reflink: bool
) -> None:
    def refuse(*args: object) -> int:
        raise OSError(errno.EOPNOTSUPP, "not here")

    if not reflink:
        monkeypatch.setattr(fcntl, "ioctl", refuse)
    source, target = tmp_path / "source", tmp_path / "deep" / "target"
    source.write_bytes(bytes(range(256)) * 9000)
    source.chmod(0o444)
    assert copy_file(source, target) == sha256_file(source)
    target.write_bytes(b"mine")
    assert source.stat().st_size == 256 * 9000


def test_payload_lists_regular_files_sorted(tmp_path: Path) -> None:
    for name in ("b.txt", "a/z.txt", "a/b/c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "empty").mkdir()
    assert [path.as_posix() for path in payload(tmp_path)] == ["a/b/c.txt", "a/z.txt", "b.txt"]


def test_payload_refuses_links_and_special_files(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    os.mkfifo(tmp_path / "x" / "pipe")
    with pytest.raises(ZooError, match="x/pipe is a link or special file"):
        payload(tmp_path)
    (tmp_path / "x" / "pipe").unlink()
    for target in ("x", "nowhere", "/etc/hostname"):
        (tmp_path / "link").symlink_to(target)
        with pytest.raises(ZooError, match="link is a link"):
            payload(tmp_path)
        (tmp_path / "link").unlink()


@pytest.mark.parametrize("size", [100, files.LARGE + 1])
def test_a_settled_digest_is_that_of_the_bytes_whatever_happens_between(tmp_path: Path, size: int) -> None:
    """A change of equal size, one that keeps the times, one by rename: each is seen."""
    file = tmp_path / "weights"
    for mark in (b"a", b"b"):
        file.write_bytes(mark * size)
        assert files.sha256_settled(file) == files.sha256_settled(file) == hashlib.sha256(mark * size).hexdigest()
    times = file.stat()
    with file.open("r+b") as opened:
        opened.write(b"c")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert files.sha256_settled(file) == hashlib.sha256(b"c" + b"b" * (size - 1)).hexdigest()
    (tmp_path / "other").write_bytes(b"d" * size)
    (tmp_path / "other").rename(file)
    assert files.sha256_settled(file) == hashlib.sha256(b"d" * size).hexdigest()


def test_a_large_file_that_was_not_touched_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"a" * (files.LARGE + 1))
    read: list[Path] = []
    original = files.sha256_file
    monkeypatch.setattr(files, "sha256_file", lambda path: read.append(path) or original(path))
    assert files.sha256_settled(file) == files.sha256_settled(file)
    assert read == [file]


def test_a_copy_is_hashed_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = os.urandom(3 * files.CHUNK + 7)
    (tmp_path / "a").write_bytes(data)
    monkeypatch.setattr(files, "FICLONE", 0)  # no file system knows it
    monkeypatch.setattr(files, "sha256_file", lambda path: pytest.fail("read a second time"))
    assert files.copy_file(tmp_path / "a", tmp_path / "b") == hashlib.sha256(data).hexdigest()
    assert (tmp_path / "b").read_bytes() == data
