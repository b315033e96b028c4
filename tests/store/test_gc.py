"""Freeing the space of what nothing refers to."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.crash import kill_at_every_call
from tests.support.table import bring_up, edit, recipe
from tests.support.zoo import doit, write_recipe
from zoosmith.app.doit.command_gc import Gc
from zoosmith.build import rebuild
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Ref
from zoosmith.store.files import sha256_file
from zoosmith.store.gc import Doomed, collect, listing
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


def test_results_that_go_are_listed_and_stay_unless_that_is_agreed_to(store: Store) -> None:
    store.record(
        ActionResult(
            "b" * 64,
            {},
            str(store.recorded("b" * 64).tree),
            {"name": "toy/old", "seconds": 61.2, "started": "2026-01-02T03:04:05"},
        )
    )  # type: ignore[union-attr]
    before, asked = paths(store), list[str]()
    assert collect(store, NAMED, remove=True, agrees=lambda listing: bool(asked.append(listing))).startswith("nothing")
    assert asked == ["  toy/old of 2026-01-02T03:04:05, made in 61 s, 0.0 kB"]
    assert paths(store) == before
    collect(store, NAMED, remove=True, agrees=lambda listing: True)
    assert store.recorded("b" * 64) is None


def test_scratch_alone_lists_nothing(store: Store) -> None:
    collect(store, NAMED, remove=True)
    (store.folder("work") / ("d" * 64) / "out").mkdir(parents=True)
    asked: list[str] = []
    assert collect(store, NAMED, remove=True, agrees=lambda listing: not asked.append(listing)).startswith("freed")
    assert asked == [""] and not (store.root / "work" / ("d" * 64)).exists()


def test_a_long_list_is_cut(store: Store) -> None:
    found = listing([Doomed(store.root, f"toy/{i:02}") for i in range(25)]).splitlines()
    assert found[0] == "  toy/00" and found[-1] == "  and 5 more" and len(found) == 21


def test_on_a_terminal_it_takes_a_word_to_remove_results(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bring_up(built, "toy-triple") == []
    write_recipe(built, recipe(shards=1))
    workspace = Workspace(built)
    assert workspace.runner.run(workspace.resolver.action("data", Ref("toy", "toy"))) is not None
    shutil.rmtree(workspace.store.root / "names" / "toy")
    before = paths(workspace.store)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    looking = Gc(task_loader=SimpleNamespace(cmd_options=()))
    assert looking.look(workspace, {"dry_run": False, "yes": False}, []) == 1
    assert paths(workspace.store) == before
    said = capsys.readouterr().out
    assert "toy/triple of 20" in said and "`doit gc --yes` removes them" in said
    assert looking.look(workspace, {"dry_run": False, "yes": True}, []) == 0
    assert paths(workspace.store) == set()


def test_a_finished_step_has_its_name_before_anything_can_be_collected(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its record and its name a step is named by nothing."""
    workspace, said = Workspace(built), []
    record = workspace.store.record

    def then_collect(made: ActionResult) -> None:
        record(made)
        with pytest.raises(ZooError) as refused:
            collect(workspace.store, workspace.names(), remove=True)
        said.append(str(refused.value))

    monkeypatch.setattr(workspace.store, "record", then_collect)
    write_recipe(built, recipe(shards=1))
    again = Workspace(built)
    again.store, again.runner = workspace.store, workspace.runner
    made = again.make("artifact", Ref("toy", "plain"))
    assert said == ["a build is running; run `doit gc` when it is done"]
    collect(workspace.store, again.names(), remove=True)
    assert workspace.store.finished(made.key) is not None


def test_what_was_collected_before_it_had_its_name_is_not_up_to_date(built: Path) -> None:
    """Another run collects between this one's look at the cache and its name."""
    workspace = Workspace(built)
    ref = Ref("toy", "plain")
    assert workspace.resolver.finished("artifact", ref) is not None
    (workspace.store.root / "names" / "toy" / "plain.json").unlink()
    collect(workspace.store, workspace.names(), remove=True)
    assert not workspace.made("artifact", ref)


def test_a_check_keeps_what_it_compares(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace(built)
    edit(built / "builders" / "scaled.py", "def build(job):", 'REPRODUCES = "logits"\n\n\ndef build(job):')
    edit(
        built / "builders" / "scaled.py",
        "    weights = json",
        "    (job.out / 'noise').write_bytes(os.urandom(9))\n    weights = json",
    )
    edit(built / "builders" / "scaled.py", "import json\n", "import json\nimport os\n")
    workspace.make("artifact", Ref("toy", "double"))
    said, ask = [], rebuild.ask

    def while_collecting(folder: Path, *rest: Any) -> Any:
        with pytest.raises(ZooError) as refused:
            collect(workspace.store, workspace.names(), remove=True)
        said.append(str(refused.value))
        return ask(folder, *rest)

    monkeypatch.setattr(rebuild, "ask", while_collecting)
    same, text = rebuild.check(workspace, Ref("toy", "double"))
    assert same and "noise differ" in text and len(said) == 2
    assert list((workspace.store.root / "work").iterdir()) == []
    collect(workspace.store, workspace.names(), remove=True)


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
