"""Digests of files and folders are computed again where something changed, and only there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from zoosmith.build import contents, sealed
from zoosmith.build.contents import Contents, folder_digest
from zoosmith.contract.errors import ZooError
from zoosmith.sources import pick

asked: list[Path] = []


def counted(path: Path) -> str:
    asked.append(path)
    return folder_digest(path)


def other(path: Path) -> str:
    return "other of " + folder_digest(path)


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is large, and files need not be 2 s old before their digests are kept."""
    monkeypatch.setattr(contents, "LARGE", 1)
    monkeypatch.setattr(sealed, "GRAIN_S", -1.0)
    asked.clear()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "store").mkdir()
    return tmp_path / "store"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "weights").write_bytes(b"1" * 100)
    return tmp_path / "base"


def test_the_next_run_does_not_read_it_again(store: Path, base: Path) -> None:
    found = Contents(store).digest(base, counted)
    assert found == folder_digest(base)
    assert Contents(store).digest(base, counted) == found
    assert asked == [base]


@pytest.mark.parametrize("change", ["same size", "another file", "replaced"])
def test_what_changed_is_read_again(store: Path, base: Path, change: str) -> None:
    Contents(store).digest(base, counted)
    file = base / "weights"
    before = file.stat()
    if change == "same size":
        file.write_bytes(b"2" * 100)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))  # the time of the inode still tells
    elif change == "another file":
        (base / "more").write_bytes(b"3")
    else:
        (base / "fresh").write_bytes(b"4" * 100)
        (base / "fresh").replace(file)
    assert Contents(store).digest(base, counted) == folder_digest(base)
    assert asked == [base, base]


def test_what_was_just_written_is_not_kept(store: Path, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "GRAIN_S", 60.0)
    Contents(store).digest(base, counted)
    Contents(store).digest(base, counted)
    assert asked == [base, base]


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"0" * 64 + b"\n{}"])
def test_a_damaged_file_is_no_file(store: Path, base: Path, damage: bytes) -> None:
    found = Contents(store).digest(base, counted)
    (store / contents.FILE).write_bytes(damage)
    assert Contents(store).digest(base, counted) == found
    assert asked == [base, base]


def test_an_edited_digest_is_not_believed(store: Path, base: Path) -> None:
    found = Contents(store).digest(base, counted)
    file = store / contents.FILE
    file.write_bytes(file.read_bytes().replace(found.encode(), b"0" * 64))
    assert Contents(store).digest(base, counted) == found


def test_two_ways_to_digest_one_path_are_two_digests(store: Path, base: Path) -> None:
    known = Contents(store)
    assert known.digest(base, folder_digest) != known.digest(base, other)
    assert Contents(store).digest(base, other) == other(base)


def test_rows_of_what_is_gone_go(store: Path, base: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.write_bytes(b"5")
    Contents(store).digest(gone, counted)
    gone.unlink()
    Contents(store).digest(base, counted)
    assert str(gone) not in (store / contents.FILE).read_text()


def test_it_is_told_before_much_is_read(
    store: Path, base: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not Contents(store).is_soon_told(base, counted)
    Contents(store).digest(base, counted)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(contents, "LONG", 50)
    assert Contents(store).is_soon_told(base, counted)
    (base / "weights").write_bytes(b"6" * 100)
    Contents(store).digest(base, counted)
    assert capsys.readouterr().err == "reading base, 0.1 kB, for what it holds; once, until it changes\n"


def test_without_a_store_nothing_is_written(tmp_path: Path, base: Path) -> None:
    Contents(tmp_path / "none").digest(base, counted)
    assert not (tmp_path / "none").exists()


def test_what_a_linked_folder_holds_counts_as_the_base_does(store: Path, base: Path, tmp_path: Path) -> None:
    """Links to folders are followed by what makes a base's key; a file there that changes is another base."""
    (tmp_path / "away").mkdir()
    (tmp_path / "away" / "model.gguf").write_bytes(b"1" * 100)
    (base / "quants").symlink_to(tmp_path / "away")
    (base / "round").symlink_to(base)
    before = Contents(store).digest(base, pick.key)
    (tmp_path / "away" / "model.gguf").write_bytes(b"2" * 100)
    assert Contents(store).digest(base, pick.key) == pick.key(base) != before


def test_linked_files_are_what_they_lead_to(tmp_path: Path, store: Path) -> None:
    """As the cache of a hub has them: a snapshot of rows is links to blobs."""
    real, linked = tmp_path / "real", tmp_path / "linked"
    for folder in (real / "b", linked / "b", tmp_path / "blobs"):
        folder.mkdir(parents=True)
    for name in ("a.csv", "b/c.csv"):
        (real / name).write_text(name)
        (tmp_path / "blobs" / name[-5:]).write_text(name)
        (linked / name).symlink_to(tmp_path / "blobs" / name[-5:])
    found = Contents(store)
    assert found.digest(linked, folder_digest) == folder_digest(real)
    (tmp_path / "blobs" / "a.csv").write_text("edited")
    assert found.digest(linked, folder_digest) != folder_digest(real)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.symlink_to("nowhere"), "odd is a link to nothing: put files there, or links to files"),
        (lambda path: path.symlink_to(path), "odd is a link to nothing"),
        (lambda path: path.symlink_to(path.parent), "odd is a link to a folder"),
        (os.mkfifo, "odd is a special file"),
        (lambda path: Path(f"{path}\udce9").touch(), r"odd\\udce9': its name is no UTF-8; call it otherwise"),
    ],
)
def test_what_no_row_can_be_read_from_is_told(base: Path, make: Callable[[Path], None], said: str) -> None:
    make(base / "odd")
    with pytest.raises(ZooError, match=said):
        folder_digest(base)
