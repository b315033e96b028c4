"""Freeing the space of what nothing refers to."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from tests.support.crash import kill_at_every_call
from tests.support.table import bring_up, recipe
from tests.support.zoo import doit, write_recipe
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Ref
from zoosmith.store.files import sha256_file
from zoosmith.store.gc import collect
from zoosmith.store.locks import flock
from zoosmith.store.store import ActionResult, Store

NAMED = {"toy/a", "toy/deep/c"}


def paths(store: Store) -> set[str]:
    kinds = ("actions", "trees", "files", "work", "logs")
    return {
        path.relative_to(store.root).as_posix()
        for kind in kinds
        for path in (store.root / kind).rglob("*")
        if path.is_file()
    }


def add(store: Store, key: str, name: str | None, files: dict[str, str]) -> str:
    """An action that made `files`, known under `name`; `key` is one letter."""
    staging = store.folder("work") / "staging"
    for file, text in files.items():
        (staging / file).parent.mkdir(parents=True, exist_ok=True)
        (staging / file).write_text(text)
    tree = store.add_tree(staging)
    shutil.rmtree(staging)
    store.record(ActionResult(key * 64, {}, tree, {}))
    (store.folder("logs") / f"{key * 64}.log").write_text("log")
    if name:
        store.name(name, key * 64)
    return tree


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "store")
    add(store, "a", "toy/a", {"model": "mine", "shared": "both"})
    add(store, "b", None, {"model": "nobody's", "shared": "both"})
    add(store, "c", "toy/deep/c", {"model": "c"})
    return store


def test_what_is_named_stays_and_the_rest_goes(store: Store) -> None:
    leftover = store.folder("work") / ("b" * 64) / "out" / "x"
    interrupted = store.folder("work") / ("e" * 64) / "scratch" / "checkpoint.pt"
    for path in (leftover, interrupted):
        path.parent.mkdir(parents=True)
        path.write_text("x")
    (store.root / "actions" / ".temporary").touch()
    said = collect(store, NAMED, remove=True)
    assert said == "freed 0.0 MB in 6 files and folders"
    for key, kept in (("a", True), ("b", False), ("c", True)):
        assert (store.finished(key * 64) is not None) is kept
        assert (store.root / "logs" / f"{key * 64}.log").exists() is kept
    assert interrupted.exists()
    assert not leftover.exists() and not (store.root / "actions" / ".temporary").exists()
    assert sorted(path.read_text() for path in (store.root / "files").glob("*/*")) == ["both", "c", "mine"]
    before = paths(store)
    assert collect(store, NAMED, remove=True) == "freed 0.0 MB in 0 files and folders"
    assert paths(store) == before


def test_what_left_the_recipes_goes_with_its_measurements(store: Store) -> None:
    add(store, "d", "toy/measured/a-quick", {"result": "of a"})
    add(store, "f", "toy/measured/gone-quick", {"result": "of gone"})
    collect(store, {"toy/a"}, remove=True)
    kept = {path.stem[0] for path in (store.root / "actions").glob("*.json")}
    assert kept == {"a", "d"}
    assert sorted(p.relative_to(store.root / "names").as_posix() for p in (store.root / "names").rglob("*.json")) == [
        "toy/a.json",
        "toy/measured/a-quick.json",
    ]


def test_a_dry_run_removes_nothing_and_tells_the_same(store: Store) -> None:
    before = paths(store)
    said = collect(store, NAMED, remove=False)
    assert paths(store) == before
    assert collect(store, NAMED, remove=True) == said.replace("would free", "freed")


def test_it_refuses_while_a_build_runs(store: Store) -> None:
    before = paths(store)
    with flock(store.root / "gc.lock", shared=True), pytest.raises(ZooError, match="a build is running"):
        collect(store, NAMED, remove=True)
    assert paths(store) == before
    collect(store, NAMED, remove=True)
    assert paths(store) != before


def test_a_build_waits_for_it(store: Store) -> None:
    entered = threading.Event()

    def build() -> None:
        with flock(store.root / "gc.lock", shared=True):
            entered.set()

    with flock(store.root / "gc.lock"):
        waiting = threading.Thread(target=build)
        waiting.start()
        assert not entered.wait(0.3)
    assert entered.wait(10)
    waiting.join()


def test_work_whose_lock_is_held_stays(store: Store) -> None:
    scratch = store.folder("work") / ("d" * 64) / "scratch"
    scratch.mkdir(parents=True)
    with flock(store.folder("locks") / f"{'d' * 64}.lock"):
        collect(store, NAMED, remove=True)
    assert scratch.is_dir()
    collect(store, NAMED, remove=True)
    assert not scratch.parent.exists()


def test_an_empty_store(tmp_path: Path) -> None:
    assert collect(Store(tmp_path / "store"), NAMED, remove=True) == "freed 0.0 MB in 0 files and folders"


def test_a_damaged_name_names_nothing_and_stops_nothing(store: Store) -> None:
    (store.root / "names" / "toy" / "a.json").write_bytes(b"{")
    collect(store, NAMED, remove=True)
    assert store.finished("a" * 64) is None and store.finished("c" * 64) is not None


def test_a_kill_at_any_call_leaves_a_store_that_holds_what_it_says(store: Store) -> None:
    add(store, "e", None, {"model": "more", "shared": "both"})

    def look() -> None:
        for path in (store.root / "actions").glob("*.json"):
            assert store.finished(path.stem) is not None
        for path in (store.root / "files").glob("*/*"):
            assert sha256_file(path) == path.parent.name + path.name
        assert store.finished("a" * 64) is not None and store.finished("c" * 64) is not None

    assert kill_at_every_call(lambda: collect(store, NAMED, remove=True), look) > 3
    assert store.finished("b" * 64) is None and store.finished("e" * 64) is None


def test_what_an_earlier_recipe_made_goes_and_artifacts_stay_up_to_date(built: Path) -> None:
    assert doit(built, "artifact:toy-triple").returncode == 0
    write_recipe(built, recipe(shards=1))
    assert bring_up(built, "toy-triple") == ["plain", "triple"]
    assert bring_up(built, "toy-sextuple") == ["double", "sextuple"]
    done = doit(built, "gc")
    assert done.returncode == 0 and "freed" in done.stdout
    assert bring_up(built, "toy-triple") == bring_up(built, "toy-sextuple") == []
    assert len(list((built / "artifacts" / ".store" / "actions").iterdir())) == 6
    write_recipe(built, recipe())
    assert Workspace(built).resolver.finished("artifact", Ref("toy", "plain")) is None
