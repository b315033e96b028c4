"""Publishing to a folder: whole, once, and by several at a time."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.crash import CHANGING, kill_at_every_call
from zoosmith.build.workspace import Workspace
from zoosmith.cards.links import relative
from zoosmith.contract.errors import ZooError
from zoosmith.publish.push import push
from zoosmith.publish.release import Published
from zoosmith.recipes.graph import Ref
from zoosmith.records.layout import Pointer
from zoosmith.records.registry import Registry, parse
from zoosmith.store.files import payload, sha256_file
from zoosmith.store.locks import flock

A0, A1 = Ref("family0", "a0"), Ref("family0", "a1")
NAME = "family0-a0"


def publish(zoo: Path, out: Path, ref: Ref = A0) -> Published:
    return push(Workspace(zoo), ref, f"file://{out}")


def listed(folder: Path) -> Registry:
    file = folder / "registry.json"
    return parse(file.read_text(), str(file))


def whole(out: Path) -> None:
    """Every version that can be seen is complete, and every row leads to one."""
    for shelf in out.glob("*/v*"):
        pointer = Pointer.model_validate_json((shelf / "zoosmith.json").read_bytes())
        paths = {path.as_posix() for path in payload(shelf)}
        beside = {file.path: file.sha256 for file in pointer.beside}
        assert paths == {file.at for file in pointer.files} | {*beside, "zoosmith.json"}
        assert all(sha256_file(shelf / file.at) == file.sha256 for file in pointer.files)
        assert all(sha256_file(shelf / path) == sha256 for path, sha256 in beside.items())
        assert set(relative((shelf / "README.md").read_text())) == {*beside} - {"README.md"}
    if (out / "registry.json").exists():
        for entry in listed(out).artifacts.values():
            for row in entry.versions.values():
                assert [(out / location / "zoosmith.json").is_file() for location in row.locations] == [True]


def stamps(folder: Path) -> dict[str, int]:
    return {str(path): (folder / path).stat().st_mtime_ns for path in payload(folder) if path.name != ".lock"}


def test_no_file_of_an_artifact_is_read_whole(zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of many GB is copied a block at a time."""
    read, whole_reads = Path.read_bytes, []

    def watched(path: Path) -> bytes:
        whole_reads.append(path)
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", watched)
    publish(zoo, tmp_path / "out")
    monkeypatch.undo()
    pointer = Pointer.model_validate_json((tmp_path / "out" / NAME / "v1" / "zoosmith.json").read_bytes())
    published = {file.sha256 for file in pointer.files if file.at != "manifest.json"}
    assert published
    assert not {sha256_file(path) for path in whole_reads if path.is_file()} & published


def test_a_full_disk_is_told_before_anything_is_copied(
    zoo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoosmith.publish.room.shutil.disk_usage", lambda path: SimpleNamespace(free=10))
    monkeypatch.setattr("zoosmith.build.preflight.shares_blocks", lambda folder: False)
    with pytest.raises(
        ZooError, match=rf"the disk is short: {NAME} v1 takes .* in .*out, and 0.0 kB are free there; free"
    ):
        publish(zoo, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    monkeypatch.undo()
    publish(zoo, tmp_path / "out")
    monkeypatch.setattr("zoosmith.publish.room.shutil.disk_usage", lambda path: SimpleNamespace(free=0))
    assert not publish(zoo, tmp_path / "out").fresh, "what is there needs no room"


def test_a_folder_becomes_a_registry(zoo: Path, tmp_path: Path) -> None:
    out = tmp_path / "with space" / "out"
    told = publish(zoo, out)
    assert told == Published(NAME, 1, f"{out.as_uri()}/{NAME}/v1/", fresh=True)
    whole(out)
    assert sorted(path.name for path in (out / NAME / "v1").iterdir()) == [
        "README.md", "manifest.json", "plots", "table.json", "tokenizer.json", "tokenizer_config.json", "zoosmith.json",
    ]  # fmt: skip
    cards, shelf = zoo / "model_cards", out / NAME / "v1"
    shown = [f"plots/{NAME}/{plot}.svg" for plot in ("pareto", "confusion-toy")]
    card = (cards / f"{NAME}.md").read_text()
    own, others = (
        [f"plots/{NAME}/pareto.svg", f"plots/{NAME}/confusion-toy.svg"],
        ["family0-a1.md", "families/family0.md"],
    )
    assert sorted(relative(card)) == sorted(own + others)
    unlinked = card.replace("[family0-a1](family0-a1.md)", "family0-a1").replace(
        "[the family](families/family0.md)", "the family"
    )
    assert (shelf / "README.md").read_text() == unlinked
    assert [(shelf / plot).read_bytes() for plot in shown] == [(cards / plot).read_bytes() for plot in shown]
    assert (out / NAME / "latest").read_text() == "1\n"
    row, own = (listed(folder).artifacts[NAME].versions["1"] for folder in (out, zoo))
    assert (row.locations, row.card) == ((f"{NAME}/v1/",), f"{NAME}/v1/README.md")
    assert own.locations == (told.location,)
    assert row.files == own.files
    assert not list(out.rglob(".*.new"))


def test_a_card_whose_plot_is_gone_is_not_published(zoo: Path, tmp_path: Path) -> None:
    (zoo / "model_cards" / "plots" / NAME / "pareto.svg").unlink()
    with pytest.raises(ZooError, match=f"pareto.svg, which the card shows, is missing; run `doit card:{NAME}`"):
        publish(zoo, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    Workspace(zoo).render_card(A0)
    assert publish(zoo, tmp_path / "out").fresh


def test_only_its_own_plots_are_taken_for_plots(zoo: Path, tmp_path: Path) -> None:
    card = zoo / "model_cards" / f"{NAME}.md"
    (zoo / "secret.svg").write_text("not to be published")
    card.write_text(card.read_text() + f"![a](plots/{NAME}/../../../secret.svg) and [b](/etc/passwd)\n")
    publish(zoo, tmp_path / "out")
    whole(tmp_path / "out")
    assert (tmp_path / "out" / NAME / "v1" / "README.md").read_text().endswith("a and [b](/etc/passwd)\n")
    assert not list((tmp_path / "out").rglob("secret.svg"))


def test_twice_the_same_changes_no_file(zoo: Path, tmp_path: Path) -> None:
    publish(zoo, tmp_path / "out")
    before = stamps(tmp_path / "out"), stamps(zoo)
    again = publish(zoo, tmp_path / "out")
    assert not again.fresh
    assert str(again).startswith("already published: family0-a0 v1 is at file:///")
    assert (stamps(tmp_path / "out"), stamps(zoo)) == before


def test_locations_are_kept_when_the_record_is_rendered_again(zoo: Path, tmp_path: Path) -> None:
    told = publish(zoo, tmp_path / "out")
    Workspace(zoo).records.render_all()
    assert listed(zoo).artifacts[NAME].versions["1"].locations == (told.location,)


def test_killed_before_any_call_nothing_half_is_seen_and_the_same_command_goes_on(zoo: Path, tmp_path: Path) -> None:
    out, workspace = tmp_path / "out", Workspace(zoo)
    assert workspace.zoo and workspace.records

    def look() -> None:
        whole(out)
        listed(zoo)

    assert kill_at_every_call(lambda: push(workspace, A0, f"file://{out}"), look) > 20
    assert not publish(zoo, out).fresh
    assert listed(zoo).artifacts[NAME].versions["1"].locations == (f"{out.as_uri()}/{NAME}/v1/",)
    assert not list(out.rglob(".*.new"))


def test_killed_before_any_call_the_next_push_leaves_nothing_behind(zoo: Path, tmp_path: Path) -> None:
    out, workspace, record = tmp_path / "out", Workspace(zoo), (zoo / "registry.json").read_bytes()
    assert workspace.zoo and workspace.records

    def look() -> None:
        publish(zoo, out)
        whole(out)
        left = [path.name for path in (*out.rglob(".*"), *zoo.glob(".registry.json.*")) if path.name != ".lock"]
        assert left == []
        shutil.rmtree(out)
        (zoo / "registry.json").write_bytes(record)

    assert kill_at_every_call(lambda: push(workspace, A0, f"file://{out}"), look, names=CHANGING) > 20


def test_what_an_attempt_left_behind_is_used_where_right_and_thrown_away_where_not(zoo: Path, tmp_path: Path) -> None:
    staging = tmp_path / "out" / NAME / ".v1.new"
    staging.mkdir(parents=True)
    shutil.copyfile(zoo / "artifacts" / NAME / "tokenizer.json", staging / "tokenizer.json")
    kept = (staging / "tokenizer.json").stat().st_ino
    (staging / "table.json").write_text("half")
    (staging / "stray.txt").write_text("of another version")
    publish(zoo, tmp_path / "out")
    whole(tmp_path / "out")
    assert (tmp_path / "out" / NAME / "v1" / "tokenizer.json").stat().st_ino == kept


def test_a_version_never_changes(zoo: Path, other_zoo: Path, tmp_path: Path) -> None:
    publish(zoo, tmp_path / "out")
    before = stamps(tmp_path / "out")
    with pytest.raises(ZooError, match="another family0-a0 as v1, and what is published never changes; v2 is next"):
        publish(other_zoo, tmp_path / "out")
    assert stamps(tmp_path / "out") == before
    assert listed(other_zoo).artifacts[NAME].versions["1"].locations == ()


def test_a_later_version_stands_beside_the_first(zoo: Path, second_zoo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    publish(zoo, out)
    first = stamps(out / NAME / "v1")
    assert publish(second_zoo, out).location.endswith("/v2/")
    assert (out / NAME / "latest").read_text() == "2\n"
    assert listed(out).artifacts[NAME].latest == 2
    assert not publish(zoo, out).fresh
    assert (out / NAME / "latest").read_text() == "2\n"
    assert stamps(out / NAME / "v1") == first
    whole(out)


def test_a_later_version_first_leaves_room_for_the_earlier_one(zoo: Path, second_zoo: Path, tmp_path: Path) -> None:
    publish(second_zoo, tmp_path / "out")
    assert publish(zoo, tmp_path / "out").fresh
    entry = listed(tmp_path / "out").artifacts[NAME]
    assert (entry.latest, sorted(entry.versions)) == (2, ["1", "2"])


@pytest.mark.parametrize(
    ("file", "harm"),
    [
        ("table.json", lambda path: path.unlink()),
        ("table.json", lambda path: path.write_text("short")),
        ("tokenizer.json", lambda path: path.write_bytes(path.read_bytes()[:-1] + b" ")),
        ("README.md", lambda path: path.write_text("# Another card")),
        (f"plots/{NAME}/pareto.svg", lambda path: path.unlink()),
        ("zoosmith.json", lambda path: path.write_text("{}")),
        ("zoosmith.json", lambda path: path.unlink()),
    ],
)
def test_damage_at_the_target_is_told_not_covered_up(
    zoo: Path, tmp_path: Path, file: str, harm: Callable[[Path], Any]
) -> None:
    publish(zoo, tmp_path / "out")
    harm(tmp_path / "out" / NAME / "v1" / file)
    with pytest.raises(ZooError, match=f"{file} is missing or damaged in .*/v1; move that folder away"):
        publish(zoo, tmp_path / "out")


def test_a_damaged_registry_is_left_alone_and_named(zoo: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "registry.json").write_text("<<<<<<< ours")
    with pytest.raises(ZooError, match=r"out/registry.json:1: .* was a merge left unfinished"):
        publish(zoo, tmp_path / "out")
    assert (tmp_path / "out" / "registry.json").read_text() == "<<<<<<< ours"


@pytest.mark.parametrize("turn", range(8))
def test_two_at_once_lose_no_row(zoo: Path, tmp_path: Path, turn: int) -> None:
    with ThreadPoolExecutor(3) as pool:
        jobs = [pool.submit(publish, zoo, tmp_path / "out", ref) for ref in (A0, A1, A0)]
        told = [job.result() for job in jobs]
    whole(tmp_path / "out")
    assert sorted(listed(tmp_path / "out").artifacts) == ["family0-a0", "family0-a1"]
    assert all(entry.versions["1"].locations for entry in listed(zoo).artifacts.values())
    assert sorted(answer.fresh for answer in told) == [False, True, True]


def test_the_location_waits_for_whoever_writes_the_record(zoo: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        with Workspace(zoo).records.locked():
            job = pool.submit(publish, zoo, tmp_path / "out")
            while not (tmp_path / "out" / NAME / "latest").exists():
                time.sleep(0.01)
            time.sleep(0.1)
            assert listed(zoo).artifacts[NAME].versions["1"].locations == ()
        assert job.result().location in listed(zoo).artifacts[NAME].versions["1"].locations


def test_another_process_that_publishes_the_same_is_waited_for_and_told_of(
    zoo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        with flock(tmp_path / "out" / NAME / ".lock"):
            job = pool.submit(publish, zoo, tmp_path / "out")
            said, deadline = "", time.monotonic() + 30
            while not said and time.monotonic() < deadline:
                time.sleep(0.02)
                said = capsys.readouterr().err
            assert not job.done()
        assert job.result().fresh
    assert said == f"another process publishes {NAME}; waiting for it\n"
    assert capsys.readouterr() == ("", "")


def test_two_trees_at_once_one_wins_and_the_other_is_told(zoo: Path, other_zoo: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(publish, folder, tmp_path / "out") for folder in (zoo, other_zoo)]
        errors = [job.exception() for job in jobs]
    assert sorted(error is None for error in errors) == [False, True]
    assert "never changes" in str(next(error for error in errors if error))
    whole(tmp_path / "out")
    row = json.loads((tmp_path / "out" / "registry.json").read_text())["artifacts"][NAME]["versions"]["1"]
    winner = (zoo, other_zoo)[errors.index(None)]
    assert row["tree_digest"] == listed(winner).artifacts[NAME].versions["1"].tree_digest


def test_a_link_in_place_of_the_staging_folder_has_nothing_removed_or_written_elsewhere(
    zoo: Path, tmp_path: Path
) -> None:
    away, out = tmp_path / "away", tmp_path / "out"
    away.mkdir()
    (away / "work.txt").write_text("mine")
    (out / NAME).mkdir(parents=True)
    (out / NAME / ".v1.new").symlink_to(away)
    publish(zoo, out)
    whole(out)
    assert [path.name for path in away.iterdir()] == ["work.txt"]
