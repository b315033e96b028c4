"""Which trees go along with a step."""

import json
from pathlib import Path

from zoosmith.execution.action import Action
from zoosmith.execution.cluster.trees import read_by
from zoosmith.store.store import Store


def tree(store: Store, folder: Path, **files: str) -> str:
    folder.mkdir()
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return store.add_tree(folder)


def test_parents_rows_and_what_they_need_but_no_digest_of_something_else(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    base = tree(store, tmp_path / "base", weights_bin="1")
    adapters = tree(store, tmp_path / "adapters", manifest_json=json.dumps({"needs": {"base": base}}))
    rows = tree(store, tmp_path / "rows", train_jsonl="{}")
    other = tree(store, tmp_path / "other", weights_bin="2")
    action = Action("f/x", "t", "m:f", {"parents": {"from": adapters}, "splits": {"train": "a" * 64}}, {"data": rows})
    assert read_by(action, store) == sorted([base, adapters, rows])
    assert other not in read_by(action, store)
