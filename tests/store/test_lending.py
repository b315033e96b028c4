"""Large files reach a step as links to the store, and a step that writes into one is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from zoosmith.contract.errors import BuildError
from zoosmith.store import lending
from zoosmith.store.lending import Loan, take_back
from zoosmith.store.store import CorruptStore, Store

LARGE, SMALL = b"weights" * 10, b"{}"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store in which files above 20 bytes are large."""
    monkeypatch.setattr(lending, "LARGE", 20)
    return Store(tmp_path / "store")


def tree_of(store: Store, folder: Path) -> str:
    """The digest of a tree with a large and a small file."""
    folder.mkdir()
    (folder / "model").write_bytes(LARGE)
    (folder / "config").write_bytes(SMALL)
    return store.add_tree(folder)


def lent(store: Store, tree: str, target: Path) -> list[Loan]:
    """What a checkout for a step is lent."""
    loans: list[Loan] = []
    store.checkout(tree, target, lent=loans)
    return loans


def test_a_large_file_is_linked_and_a_small_one_copied(store: Store, tmp_path: Path) -> None:
    tree = tree_of(store, tmp_path / "tree")
    [loan] = lent(store, tree, tmp_path / "given")
    assert (loan.name, loan.file.samefile(tmp_path / "given" / "model")) == ("model", True)
    assert (tmp_path / "given" / "config").stat().st_nlink == 1
    assert (tmp_path / "given" / "model").read_bytes() == LARGE
    take_back([loan])
    store.checkout(tree, tmp_path / "delivered")
    assert (tmp_path / "delivered" / "model").stat().st_ino != loan.file.stat().st_ino, "users get files of their own"


def test_where_the_file_system_makes_no_links_it_is_copied(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(95, "not supported")

    tree = tree_of(store, tmp_path / "tree")
    monkeypatch.setattr(os, "link", no_links)
    assert lent(store, tree, tmp_path / "given") == []
    assert (tmp_path / "given" / "model").read_bytes() == LARGE


def test_damage_is_not_lent(store: Store, tmp_path: Path) -> None:
    tree = tree_of(store, tmp_path / "tree")
    [file] = [path for path in (store.root / "files").rglob("*") if path.is_file() and path.stat().st_size > 20]
    file.chmod(0o644)
    file.write_bytes(LARGE[::-1])
    with pytest.raises(CorruptStore, match="model in the store was missing or damaged"):
        lent(store, tree, tmp_path / "given")
    assert not file.exists()
    assert not (tmp_path / "given").exists()


@pytest.mark.parametrize("data", [LARGE[::-1], LARGE[:-1]])
def test_a_step_that_writes_into_it_is_told_and_the_bytes_leave_the_store(
    store: Store, tmp_path: Path, data: bytes
) -> None:
    loans = lent(store, tree_of(store, tmp_path / "tree"), tmp_path / "given")
    given = tmp_path / "given" / "model"
    given.chmod(0o644)
    given.write_bytes(data)
    with pytest.raises(BuildError, match=r"wrote into model of its parent.*copy a file before you change it"):
        take_back(loans)
    assert not loans[0].file.exists()


def test_a_step_may_remove_what_it_was_lent(store: Store, tmp_path: Path) -> None:
    loans = lent(store, tree_of(store, tmp_path / "tree"), tmp_path / "given")
    (tmp_path / "given" / "model").unlink()
    take_back(loans)
    assert loans[0].file.read_bytes() == LARGE
