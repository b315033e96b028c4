"""What a build takes is said, and what is short is refused, before anything of it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import records, table
from tests.support.here import bring_up, open_here
from tests.support.sparse import write_sparse
from tests.support.zoo import RECIPE, rows, write_bert, write_project, write_recipe, write_rows
from zoosmith.app.doit import room
from zoosmith.build import planned, preflight
from zoosmith.build.forecast import Forecast, Take
from zoosmith.build.preflight import Needs, Room
from zoosmith.common.canonical import pretty
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Ref
from zoosmith.sources import pick

LARGE = Room(10**12, 10**6, 1)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The toy zoo, of which nothing is built."""
    folder = write_project(tmp_path / "zoo")
    write_bert(folder / "bases" / "encoder")
    for split in ("train", "dev", "test"):
        write_rows(folder / "data" / f"{split}.jsonl", rows(8, 1))
    write_recipe(folder, RECIPE)
    return folder


def needs_of(*steps: Take, **changes: Any) -> Needs:
    size = sum(step.size for step in steps)
    largest = max(steps, key=lambda step: step.memory_mb)
    return Needs(steps, size, sum(step.download for step in steps), largest, ())._replace(**changes)


def test_every_step_that_is_to_be_made_is_foretold_in_order(project: Path) -> None:
    workspace = open_here(project)
    forecast = Forecast(workspace)
    steps = forecast.steps([Ref("toy", "onnx-int8")])
    names = ["fetch toy/encoder", "build toy-fp32", "build toy-onnx-fp32", "build toy-onnx-int8"]
    assert [step.name for step in steps] == [*names, "measure toy-onnx-int8"]
    weights = forecast.weighed(Ref("toy", "encoder")).weights
    assert steps[1].size == pytest.approx(4 * weights, rel=0.2)
    assert steps[3].size < 0.5 * steps[2].size
    assert all(step.memory_mb >= 256 for step in steps)
    assert all(step.download == 0 for step in steps), "the base is a folder here"
    assert workspace.store.root.exists() is False, "a forecast writes nothing"


def test_what_is_built_takes_nothing_more(tmp_path: Path) -> None:
    workspace, ref = open_here(table.write_table(tmp_path)), Ref("toy", "plain")
    before = Forecast(workspace).steps([ref], measured=False)
    bring_up(workspace, ref)
    workspace.make("artifact", ref)
    assert len(before) > len(Forecast(workspace).steps([ref], measured=False)) == 0


def recorded(project: Path, name: str, seconds: float, **changed: Any) -> None:
    """A build on record that took so long."""
    build = records.build(f"toy-{name}", provenance={"seconds": seconds}, **changed)
    folder = project / "results" / "toy" / name
    folder.mkdir(parents=True)
    (folder / "build.json").write_text(pretty(build.model_dump(mode="json", by_alias=True)))


def test_a_build_takes_as_long_as_others_of_its_builder_from_the_same_parents_else_by_size(project: Path) -> None:
    ref = Ref("toy", "onnx-int8")
    other = {"from": {"name": "toy/larger", "digest": records.sha("larger")}}
    recorded(project, "of-larger", 600.0, parents=other)
    step = Forecast(open_here(project)).step(ref)
    assert step.seconds == pytest.approx(600.0 * step.size / 25_000_000)
    recorded(project, "of-the-same", 77.0)
    assert Forecast(open_here(project)).step(ref).seconds == 77.0
    recorded(project, "onnx-int8", 50.0)
    assert Forecast(open_here(project)).step(ref).seconds == 50.0, "its own record says it best"


def test_copies_take_room_where_the_file_system_shares_no_blocks(project: Path) -> None:
    forecast, ref = Forecast(open_here(project)), Ref("toy", "fp32")
    once, twice = (preflight.needs(forecast, [ref], copies=copies).disk for copies in (1, 2))
    assert twice - once == forecast.weighed(ref).size > 0


def test_a_file_system_shares_blocks_or_does_not(tmp_path: Path) -> None:
    preflight.shares_blocks(tmp_path)
    assert not preflight.shares_blocks(Path("/dev/shm")), "tmpfs has no reflinks"
    assert list(tmp_path.iterdir()) == []


def test_what_is_short_is_told_with_step_numbers_and_cure() -> None:
    step = Take("build toy-bf16", 30 * 10**9, 30_000)
    assert preflight.shortages(needs_of(step), LARGE) == []
    (disk,) = preflight.shortages(needs_of(step), LARGE._replace(disk=10**9))
    assert disk.startswith("the disk is short: about 30.0 GB are needed and 1,000.0 MB are free; free some")
    (memory,) = preflight.shortages(needs_of(step, Take("build toy-f16", 1, 25_000)), LARGE._replace(memory_mb=24_000))
    told = "memory is short: build toy-bf16 takes up to 30,000 MiB and this machine has 24,000 MiB (2 steps do)"
    assert memory.startswith(told)


def test_the_lines_for_people_name_disk_memory_downloads_and_minutes() -> None:
    fetch = Take("fetch toy/base", 15 * 10**9, 256, download=15 * 10**9)
    steps = (fetch, Take("build toy-a", 6 * 10**8, 4_000, seconds=600.0), Take("build toy-b", 4 * 10**8, 2_000))
    lines = preflight.told(needs_of(*steps, unknown=("fetch toy/other",)), LARGE)
    assert lines == [
        "  takes    at least 16.0 GB of disk (1,000.0 GB free), 4,000 MiB of memory (build toy-a; 1,000,000 MiB here)",
        "  takes    15.0 GB of downloads, about 20 min at 100 Mbit/s",
        "  takes    about 10 min for 1 of 2 builds, by records of the same builders",
        "  unknown  how large toy/other is, until it is fetched: no hub told; it and what is made of it come on top",
    ]
    whole = preflight.told(needs_of(*steps), LARGE)
    assert whole[0].startswith("  takes    about 16.0 GB of disk (1,000.0 GB free), 4,000 MiB of memory at most (build")
    unheard = preflight.told(needs_of(Take("build toy-a", 0, 1_024), unknown=("fetch toy/base",)), LARGE)
    assert unheard[0] == "  takes    at least 1,024 MiB of memory (build toy-a; 1,000,000 MiB here)", "no 0 MB of disk"
    assert preflight.told(Needs((), 0, 0, None, ()), LARGE) == []


def test_a_plan_says_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "memory_mb", lambda: 300)
    said = planned.plan(open_here(project), Ref("toy", "onnx-int8"))
    assert "  build    artifact toy/onnx-int8 (about " in said
    assert "  takes    about " in said
    assert "  SHORT    memory is short: build toy-" in said


def test_a_build_without_room_is_refused_before_anything_is_written(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = open_here(project)
    assert room.enough(workspace, ["build:toy-fp32"]) == 0
    assert room.enough(workspace, ["registry", "build:of-nothing"]) == 0
    monkeypatch.setattr(preflight, "memory_mb", lambda: 300)
    for name in ("build:toy-fp32", "artifact:toy-*"):
        with pytest.raises(
            ZooError, match=r"memory is short: build toy-.*\n  `doit run --anyway \.\.\.` builds all the"
        ):
            room.enough(workspace, [name])
    assert not workspace.store.root.exists()


@pytest.mark.parametrize(("answer", "goes_on"), [("y\n", True), ("yes\n", True), ("\n", False), ("no\n", False)])
def test_at_a_terminal_the_user_is_asked(
    project: Path, monkeypatch: pytest.MonkeyPatch, answer: str, goes_on: bool
) -> None:
    class Terminal:
        encoding = "utf-8"

        def __init__(self) -> None:
            self.said = ""

        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return answer

        def write(self, text: str) -> int:
            self.said += text
            return len(text)

        def flush(self) -> None:
            pass

    terminal = Terminal()
    monkeypatch.setattr(preflight, "memory_mb", lambda: 300)
    monkeypatch.setattr("sys.stdin", terminal)
    monkeypatch.setattr("sys.stderr", terminal)
    if goes_on:
        assert room.enough(open_here(project), ["build:toy-fp32"]) == 0
    else:
        with pytest.raises(ZooError, match="memory is short"):
            room.enough(open_here(project), ["build:toy-fp32"])
    assert "memory is short" in terminal.said and "go on all the same? [y/N]" in terminal.said


@pytest.mark.parametrize("fetched", [False, True])
def test_a_large_base_that_was_never_fetched_is_not_read_to_say_so(
    project: Path, monkeypatch: pytest.MonkeyPatch, fetched: bool
) -> None:
    read: list[Path] = []

    def noted(path: Path) -> str:
        read.append(path)
        return "0" * 64

    monkeypatch.setattr(pick, "key", noted)
    write_sparse(project / "bases" / "encoder" / "model.safetensors", 10**12)
    workspace = open_here(project)
    if fetched:
        monkeypatch.setattr(workspace.store, "key", lambda name: "1" * 64)
    with pytest.raises(ZooError, match=r"the disk is short: about [\d,.]+ GB are needed"):
        room.enough(workspace, ["artifact:toy-fp32"])
    assert bool(read) == fetched


def test_what_nodes_build_takes_disk_here_only_where_it_is_read_here(project: Path) -> None:
    forecast, ref = Forecast(open_here(project)), Ref("toy", "onnx-int8")
    sizes = {step.name: step.size for step in forecast.steps([ref])}
    assert all(sizes[name] for name in ("build toy-fp32", "build toy-onnx-fp32", "build toy-onnx-int8"))
    for measured, left_there in ((True, ("onnx-fp32",)), (False, ("onnx-fp32", "fp32"))):
        all_here = preflight.needs(forecast, [ref], copies=2, measured=measured)
        some = preflight.needs(forecast, [ref], copies=2, measured=measured, left=True)
        assert all_here.disk - some.disk == sum(sizes[f"build toy-{name}"] for name in left_there)
