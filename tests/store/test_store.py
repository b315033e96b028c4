"""The content-addressed store."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.crash import kill_at_every_call
from zoosmith.common.canonical import digest
from zoosmith.contract.errors import ZooError
from zoosmith.store.files import sha256_file
from zoosmith.store.store import ActionResult, CorruptStore, Store

FILES = {"model.bin": b"weights", "sub/config.json": b"{}", "copy.bin": b"weights"}


def stage(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def tree(store: Store, tmp_path: Path) -> str:
    return store.add_tree(stage(tmp_path / "staging", FILES))


def damage(store: Store, tree: str, path: str, data: bytes | None) -> None:
    entry = next(entry for entry in store.tree(tree) or [] if entry.path == path)
    file = store.file(entry.sha256)
    file.unlink()
    if data is not None:
        file.write_bytes(data)


@settings(max_examples=25)
@given(st.dictionaries(st.sampled_from(["a", "b.bin", "c/d", "c/e/f", "ü"]), st.binary(max_size=50), min_size=1))
def test_what_goes_in_comes_out(tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]) -> None:
    folder = tmp_path_factory.mktemp("store")
    store = Store(folder / "store")
    tree = store.add_tree(stage(folder / "staging", files))
    store.checkout(tree, folder / "out")
    assert contents(folder / "out") == files
    assert tree == store.add_tree(stage(folder / "again", files))
    assert tree == digest([[e.path, len(files[e.path]), e.sha256] for e in store.tree(tree) or []])


def test_equal_bytes_are_kept_once_and_read_only(store: Store, tree: str) -> None:
    kept = [path for path in (store.root / "files").rglob("*") if path.is_file()]
    assert len(kept) == 2
    assert all(path.stat().st_mode & 0o222 == 0 for path in kept)
    assert all(sha256_file(path) == path.parent.name + path.name for path in kept)


def test_a_checkout_may_be_changed_without_harm(store: Store, tree: str, tmp_path: Path) -> None:
    store.checkout(tree, tmp_path / "out")
    (tmp_path / "out" / "model.bin").write_bytes(b"mine")
    (tmp_path / "out" / "more").touch()
    store.checkout(tree, tmp_path / "out")
    assert contents(tmp_path / "out") == FILES
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "staging", "store"]


def test_a_checkout_may_be_of_some_files(store: Store, tree: str, tmp_path: Path) -> None:
    store.checkout(tree, tmp_path / "out", only=("sub/config.json",))
    assert contents(tmp_path / "out") == {"sub/config.json": b"{}"}


def test_links_special_files_and_nothing_are_refused(store: Store, tmp_path: Path) -> None:
    staging = tmp_path / "staging"
    staging.mkdir()
    with pytest.raises(ZooError, match="wrote no file"):
        store.add_tree(staging)
    (staging / "link").symlink_to("/etc/passwd")
    with pytest.raises(ZooError, match="link is a link or special file"):
        store.add_tree(staging)
    (staging / "link").unlink()
    os.mkfifo(staging / "pipe")
    with pytest.raises(ZooError, match="pipe is a link or special file"):
        store.add_tree(staging)


@pytest.mark.parametrize("data", [b"WEIGHTS", b"short", None])
def test_damage_is_found_on_checkout_and_heals_when_the_tree_is_made_again(
    store: Store, tree: str, tmp_path: Path, data: bytes | None
) -> None:
    store.record(ActionResult("k" * 64, {}, tree, {}))
    store.checkout(tree, tmp_path / "out")
    damage(store, tree, "model.bin", data)
    with pytest.raises(CorruptStore, match="run the command again"):
        store.checkout(tree, tmp_path / "out")
    assert contents(tmp_path / "out") == FILES
    assert store.finished("k" * 64) is None and store.recorded("k" * 64) is not None
    assert store.add_tree(stage(tmp_path / "again", FILES)) == tree
    assert store.finished("k" * 64) is not None
    store.checkout(tree, tmp_path / "out")


@pytest.mark.parametrize("data", [b"", b"[[", b"[]", b'[["model.bin", 7, "' + b"0" * 64 + b'"]]', b"{}", b"[1]"])
def test_a_damaged_list_of_files_counts_as_no_tree(store: Store, tree: str, tmp_path: Path, data: bytes) -> None:
    (store.root / "trees" / f"{tree}.json").write_bytes(data)
    assert store.tree(tree) is None and not store.has(tree)
    with pytest.raises(CorruptStore, match="not in the store"):
        store.checkout(tree, tmp_path / "out")
    store.add_tree(stage(tmp_path / "again", FILES))
    assert store.has(tree)


def test_reading_one_file(store: Store, tree: str) -> None:
    assert store.read(tree, "model.bin") == b"weights"
    with pytest.raises(CorruptStore, match="other of tree"):
        store.read(tree, "other")
    damage(store, tree, "model.bin", b"short")
    with pytest.raises(CorruptStore, match=r"model\.bin in the store was missing or damaged"):
        store.read(tree, "model.bin")
    with pytest.raises(CorruptStore, match="is not in the store"):
        store.read("0" * 64, "model.bin")


@pytest.mark.parametrize("data", [b"weIghts", b"short", None])
def test_reading_tells_damage_removes_it_and_a_rebuild_heals(
    store: Store, tree: str, tmp_path: Path, data: bytes | None
) -> None:
    damage(store, tree, "model.bin", data)
    with pytest.raises(CorruptStore, match="missing or damaged and has been removed; run the command again"):
        store.read(tree, "model.bin")
    assert not store.has(tree)
    store.add_tree(stage(tmp_path / "again", FILES))
    assert store.read(tree, "model.bin") == b"weights"


def test_damage_of_equal_size_does_not_survive_the_same_bytes_being_stored(
    store: Store, tree: str, tmp_path: Path
) -> None:
    damage(store, tree, "model.bin", b"WEIGHTS")
    store.add_tree(stage(tmp_path / "again", FILES))
    assert store.read(tree, "model.bin") == b"weights"


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def folder(path: Path) -> None:
    (path / "inside").mkdir(parents=True)


def elsewhere(path: Path) -> None:
    path.symlink_to("/etc/hostname")


@pytest.mark.parametrize("plant", [loop, folder, elsewhere, os.mkfifo], ids=lambda plant: plant.__name__)
def test_what_is_no_file_counts_as_missing_and_heals(store: Store, tree: str, tmp_path: Path, plant: Any) -> None:
    key = "a" * 64
    record = ActionResult(key, {"x": 1}, tree, {})
    store.record(record)
    store.name("toy/a", key)
    places = ["files/" + sha256_of(store, tree), f"trees/{tree}.json", f"actions/{key}.json", "names/toy/a.json"]
    for place in places:
        (store.root / place).unlink()
        plant(store.root / place)
    assert not store.has(tree) and store.recorded(key) is None and store.named("toy/a") is None
    store.add_tree(stage(tmp_path / "again", FILES))
    store.record(record)
    store.name("toy/a", key)
    assert store.named("toy/a") == store.finished(key) == record
    assert store.read(tree, "model.bin") == b"weights"
    assert all((store.root / place).is_file() and not (store.root / place).is_symlink() for place in places)


@pytest.mark.parametrize("plant", [loop, os.mkfifo, Path.touch], ids=lambda plant: plant.__name__)
@pytest.mark.parametrize("place", ["trees", "actions", "files/ab"])
def test_what_is_no_folder_makes_way_for_one(store: Store, tmp_path: Path, plant: Any, place: str) -> None:
    (store.root / place).parent.mkdir(parents=True)
    plant(store.root / place)
    files = {"a": next(data for i in range(10_000) if sha256(data := b"%d" % i).startswith("ab"))}
    tree = store.add_tree(stage(tmp_path / "staging", files))
    store.record(ActionResult("a" * 64, {}, tree, {}))
    assert store.finished("a" * 64) is not None and store.read(tree, "a") == files["a"]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sha256_of(store: Store, tree: str) -> str:
    found = next(entry.sha256 for entry in store.tree(tree) or [] if entry.path == "model.bin")
    return f"{found[:2]}/{found[2:]}"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_flipped_bit_of_an_action_is_never_served(store: Store, data: st.DataObject) -> None:
    record = ActionResult("a" * 64, {"seed": 1, "params": {"rate": 0.5}}, "b" * 64, {"seconds": 1.5, "notes": ["x"]})
    store.record(record)
    file = store.root / "actions" / f"{record.key}.json"
    raw = bytearray(file.read_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    file.write_bytes(raw)
    assert store.recorded(record.key) in (None, record)  # white space may turn into other white space


def test_an_action_under_anothers_key_is_not_taken_for_it(store: Store, tree: str) -> None:
    store.record(ActionResult("a" * 64, {"seed": 1}, tree, {}))
    shutil.copy(store.root / "actions" / f"{'a' * 64}.json", store.root / "actions" / f"{'b' * 64}.json")
    assert store.recorded("b" * 64) is None and store.recorded("a" * 64) is not None


def test_an_action_from_before_digests_is_held_by_its_key(store: Store, tree: str) -> None:
    inputs = {"seed": 1}
    body = {"inputs": inputs, "tree": tree, "provenance": {}}
    (store.folder("actions") / f"{digest(inputs)}.json").write_text(json.dumps(body))
    (store.folder("actions") / f"{'b' * 64}.json").write_text(json.dumps(body))
    assert store.finished(digest(inputs)) == ActionResult(digest(inputs), inputs, tree, {})
    assert store.recorded("b" * 64) is None


def test_actions_and_names(store: Store, tree: str) -> None:
    record = ActionResult("a" * 64, {"x": [1, None]}, tree, {"seconds": 1.5})
    assert store.recorded(record.key) is None and store.named("toy/a") is None
    store.record(record)
    store.name("toy/a", record.key)
    assert store.recorded(record.key) == store.finished(record.key) == store.named("toy/a") == record
    written = (store.root / "names" / "toy" / "a.json").stat().st_mtime_ns
    store.name("toy/a", record.key)
    assert (store.root / "names" / "toy" / "a.json").stat().st_mtime_ns == written
    assert (store.made_for("toy/a"), store.made_for("toy/b")) == ("", None)
    store.name("toy/a", record.key, "small")
    assert (store.made_for("toy/a"), store.named("toy/a")) == ("small", record)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b"[" * 100_000])
def test_a_damaged_name_counts_as_none_and_is_written_again(store: Store, tree: str, data: bytes) -> None:
    store.record(ActionResult("a" * 64, {}, tree, {}))
    store.name("toy/a", "a" * 64)
    (store.root / "names" / "toy" / "a.json").write_bytes(data)
    assert store.made_for("toy/a") is None
    assert store.named("toy/a") is None
    store.name("toy/a", "a" * 64)
    assert store.named("toy/a") is not None


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b"[" * 100_000])
def test_a_damaged_action_counts_as_none(store: Store, tree: str, data: bytes) -> None:
    store.record(ActionResult("a" * 64, {}, tree, {}))
    (store.root / "actions" / f"{'a' * 64}.json").write_bytes(data)
    assert store.recorded("a" * 64) is None and store.finished("a" * 64) is None


def test_a_kill_at_any_call_of_a_checkout_shows_nothing_old_or_new_but_no_part(
    store: Store, tree: str, tmp_path: Path
) -> None:
    old = store.add_tree(stage(tmp_path / "staging", {"model.bin": b"old", "gone.bin": b"old"}))
    target = tmp_path / "home" / "toy-a"
    store.checkout(old, target)
    seen: list[str] = []

    def look() -> None:
        if not target.exists():
            seen.append("nothing")
        else:
            found = contents(target)
            seen.append("old" if "gone.bin" in found and len(found) == 2 else "new" if found == FILES else str(found))

    calls = kill_at_every_call(lambda: store.checkout(tree, target), look)
    assert calls > 10
    assert set(seen) <= {"nothing", "old", "new"} and seen[0] == "old" and seen[-1] == "new"
    assert [path.name for path in target.parent.iterdir()] == ["toy-a"]


def test_a_kill_at_any_call_records_no_action_without_its_whole_tree(store: Store, tmp_path: Path) -> None:
    staging = tmp_path / "staging"
    key = "a" * 64

    def step() -> None:
        shutil.rmtree(staging, ignore_errors=True)
        stage(staging, FILES)
        store.record(ActionResult(key, {}, store.add_tree(staging), {}))

    def look() -> None:
        for path in (store.root / "files").glob("*/*"):
            assert sha256_file(path) == path.parent.name + path.name
        for path in (store.root / "trees").glob("[!.]*"):
            assert store.has(path.stem)
        record = store.recorded(key)
        assert record is None or store.has(record.tree)

    assert kill_at_every_call(step, look) > 20
    record = store.finished(key)
    assert record is not None
    assert json.loads((store.root / "actions" / f"{key}.json").read_bytes())["tree"] == record.tree
