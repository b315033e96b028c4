"""Blobs that a cache was seen to have wrong are known to later runs, until they came right or were replaced."""

from __future__ import annotations

from pathlib import Path

from zoosmith.store import suspects
from zoosmith.store.store import Store

ONE, TWO = "1" * 64, "2" * 64


def test_they_are_remembered_until_they_are_cleared(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert suspects.noted(store) == frozenset()
    suspects.note(store, [ONE, TWO])
    suspects.note(store, [ONE])
    assert suspects.noted(Store(tmp_path)) == {ONE, TWO}
    suspects.clear(store, [ONE, "3" * 64])
    assert suspects.noted(store) == {TWO}


def test_a_tree_is_suspected_for_its_list_and_for_each_of_its_files(tmp_path: Path) -> None:
    store, staging = Store(tmp_path / "store"), tmp_path / "staging"
    staging.mkdir()
    (staging / "a.txt").write_text("a")
    tree = store.add_tree(staging)
    (entry,) = store.tree(tree) or ()
    assert not suspects.any_of(store, tree)
    for blob in (tree, entry.sha256):
        suspects.note(store, [blob])
        assert suspects.any_of(store, tree)
        suspects.clear(store, [blob])
    suspects.note(store, [ONE])
    assert not suspects.any_of(store, tree)
