"""What is kept of modules gives the digests that reading them gives, and never an answer of yesterday."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from zoosmith.build import codehash, kept_code, sealed
from zoosmith.build.codehash import code_digests
from zoosmith.plugins import KINDS, PACKAGE

SHIPPED = [*sorted(KINDS["builders"].glob("[!_]*.py")), *sorted((PACKAGE / "tasks").glob("*/encoding.py"))]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Path]:
    """A store in which is kept, from here on, what is read of modules."""
    (tmp_path / "store").mkdir()
    codehash.forget()
    codehash.keep_in(tmp_path / "store")
    yield tmp_path / "store"
    codehash.forget()


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were read."""
    names: list[str] = []
    read = codehash.from_source

    def noted(path: Path, root: Path) -> tuple[codehash.Module, set[Path]]:
        names.append(path.name)
        return read(path, root)

    monkeypatch.setattr(codehash, "from_source", noted)
    return names


def next_run(store: Path) -> None:
    """What this process read is written, and forgotten, as at its end."""
    codehash.forget()
    codehash.keep_in(store)


def written(folder: Path, name: str, text: str) -> Path:
    """A module that nobody has touched for a while."""
    path = folder / "builders" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files need not be 2 s old before they are kept."""
    monkeypatch.setattr(sealed, "GRAIN_S", -1.0)


def test_digests_of_all_shipped_builders_are_those_of_reading_them(store: Path, parsed: list[str]) -> None:
    codehash.forget()  # without a store
    plain = [code_digests(path) for path in SHIPPED]
    codehash.forget()
    codehash.keep_in(store)
    assert [code_digests(path) for path in SHIPPED] == plain
    next_run(store)
    parsed.clear()
    assert [code_digests(path) for path in SHIPPED] == plain
    young = {path.name for path in PACKAGE.rglob("*.py") if time.time() - path.stat().st_ctime < 60}
    assert set(parsed) <= young, "what was kept was read again"


def test_a_module_is_read_again_when_it_changes(store: Path, tmp_path: Path, parsed: list[str], settled: None) -> None:
    path = written(tmp_path, "mine.py", "A = 1\n")
    first = code_digests(path)
    next_run(store)
    assert code_digests(path) == first
    assert parsed == ["mine.py"]
    before = path.stat()
    next_run(store)
    path.write_text("A = 2\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # as long and, by its own time, as old
    assert code_digests(path) != first


def test_what_was_young_when_it_was_read_is_not_kept(store: Path, tmp_path: Path, parsed: list[str]) -> None:
    path = written(tmp_path, "mine.py", "A = 1\n")
    code_digests(path)
    next_run(store)
    code_digests(path)
    assert parsed == ["mine.py", "mine.py"]


def test_a_module_that_appears_beside_counts(store: Path, tmp_path: Path, settled: None) -> None:
    path = written(tmp_path, "mine.py", "import helper\nfrom tools import cut\n")
    assert len(code_digests(path)) == 1
    next_run(store)
    (tmp_path / "helper.py").write_text("B = 1\n")
    assert {"zoo.helper"} < code_digests(path).keys()
    next_run(store)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "cut.py").write_text("C = 1\n")
    assert {"zoo.helper", "zoo.tools.cut"} < code_digests(path).keys()


def test_a_module_that_goes_away_counts_no_more(store: Path, tmp_path: Path, settled: None) -> None:
    path = written(tmp_path, "mine.py", "import helper\n")
    alone = code_digests(path)
    (tmp_path / "helper.py").write_text("B = 1\n")
    codehash.forget()
    codehash.keep_in(store)
    assert "zoo.helper" in code_digests(path)
    next_run(store)
    (tmp_path / "helper.py").unlink()
    assert code_digests(path) == alone


@pytest.mark.parametrize("damage", [b"", b"{}", b"\0\xff", b"x" * 64 + b"\n{}"])
def test_a_damaged_file_is_no_file(
    store: Path, tmp_path: Path, parsed: list[str], settled: None, damage: bytes
) -> None:
    path = written(tmp_path, "mine.py", "A = 1\n")
    first = code_digests(path)
    codehash.forget()
    kept = store / kept_code.FILE
    whole = kept.read_bytes()
    for bytes_ in (damage, whole[: len(whole) // 2], whole.replace(b'"own":"', b'"own":"0', 1)):
        kept.write_bytes(bytes_)
        codehash.keep_in(store)
        parsed.clear()
        assert code_digests(path) == first
        assert parsed == ["mine.py"]
        codehash.forget()


def test_two_runs_at_once_lose_nothing_of_each_other(store: Path, tmp_path: Path, settled: None) -> None:
    one, other = (written(tmp_path, name, "A = 1\n") for name in ("one.py", "other.py"))
    code_digests(one)
    beside = kept_code.KeptCode(store, *codehash.READERS)
    beside.put(other, tmp_path, other.stat(), {"own": "x", "imported": {}, "others": []}, [])
    beside.save()
    codehash.forget()
    again = kept_code.KeptCode(store, *codehash.READERS)
    assert again.get(one, tmp_path) and again.get(other, tmp_path)
