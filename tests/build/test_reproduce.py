"""`doit reproduce`: what was built or pulled is measured again, and the claims of its card are held against that."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import records
from tests.support.here import open_here
from tests.support.table import bring_up, edit, write_table
from tests.support.zoo import doit
from zoosmith.app.doit.command_reproduce import claims_of
from zoosmith.bench import measure, speed
from zoosmith.build.record_store import best
from zoosmith.build.reproduce import Reproduction, reproduce, shown_by_card, text
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Ref
from zoosmith.records.figures import of_measurement
from zoosmith.records.registry import parse

DOUBLE = Ref("toy", "double")
NOISY = ("speed", "peak memory")  # told by a measurement much shorter than the real one


@pytest.fixture(autouse=True, scope="module")
def _short() -> Any:
    """A speed measured in a moment; everything else is the real thing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "QUICK", speed.Plan(starts=2, turns=2, block_s=0.01))
        yield


@pytest.fixture(scope="module")
def _recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy zoo with toy-plain, the reference, and toy-double built, measured and recorded."""
    project = write_table(tmp_path_factory.mktemp("recorded") / "zoo")
    bring_up(project, "toy-double")
    workspace = open_here(project)
    for ref in (Ref("toy", "plain"), DOUBLE):
        workspace.measure(ref, "quick")
        workspace.deliver(ref)
        workspace.register(ref, "quick")
    return project


@pytest.fixture
def zoo(_recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(_recorded, tmp_path / "zoo"))


def held(project: Path, **given: Any) -> tuple[Reproduction, dict[str, bool | None]]:
    workspace = open_here(project)
    found = reproduce(workspace, DOUBLE, claims_of(workspace, **given), "quick")
    return found, {claim.what: claim.holds for claim in found.claims}


def change(project: Path, edited: Callable[[dict[str, Any]], None]) -> None:
    """Edit the recorded measurement of toy-double."""
    [file] = [f for f in (project / "results" / "toy" / "double").glob("*.json") if f.stem != "build"]
    body = json.loads(file.read_text())
    edited(body["suites"]["quick"])
    file.write_text(json.dumps(body))


def test_claims_of_an_untouched_artifact_hold(zoo: Path) -> None:
    found, claims = held(zoo)
    assert {"files", "size", "toy.accuracy", "toy.macro_f1 - that of toy-plain", "same answer", *NOISY} <= set(claims)
    assert all(holds for what, holds in claims.items() if what not in NOISY), text(found)
    assert "toy-double: claims of suite quick 2 on " in text(found)


def test_an_edited_accuracy_does_not_hold(zoo: Path) -> None:
    def better(body: dict[str, Any]) -> None:
        body["quality"]["toy"]["metrics"]["accuracy"]["value"] -= 0.01

    change(zoo, better)
    found, claims = held(zoo)
    assert claims["toy.accuracy"] is False
    assert claims["toy.macro_f1"] is True
    assert not found.holds
    assert "not: toy.accuracy" in text(found)


def test_an_edited_accuracy_is_noticed_on_another_platform_too(zoo: Path) -> None:
    def better(body: dict[str, Any]) -> None:
        body["quality"]["toy"]["metrics"]["accuracy"]["value"] -= 0.01
        body["host"] |= {"id": "elsewhere", "isa": ["asimd"]}

    change(zoo, better)
    found, claims = held(zoo)
    assert claims["toy.accuracy"] is False
    assert claims["speed"] is None
    assert "the recorded answers themselves give" in text(found)
    assert "the speed is claimed for elsewhere" in text(found)


def test_a_changed_artifact_is_other_files_and_nothing_else_can_be_told(zoo: Path) -> None:
    (zoo / "artifacts" / "toy-double" / "shard-0.dat").write_bytes(b"other")
    found, claims = held(zoo)
    assert claims.pop("files") is False
    assert set(claims.values()) == {None}
    assert "not those of the card" in text(found)


def test_a_pulled_artifact_is_told_without_builders_store_and_reference(zoo: Path, tmp_path: Path) -> None:
    """A consumer's zoo: a recipe whose artifacts were never built here, the registry, one pulled folder."""
    mine = write_table(tmp_path / "mine")
    shutil.copytree(zoo / "artifacts" / "toy-double", mine / "artifacts" / "toy-double")
    edit(mine / "builders" / "table.py", 'FORMAT = "table"', 'FORMAT = "table"\nREQUIRES = ("not-installed",)')
    found, claims = held(mine, registry=str(zoo))
    assert [claims[what] for what in ("files", "size", "toy.accuracy")] == [True, True, True]
    assert claims["speed"] is None
    assert claims["same answer"] is None
    assert "`zoosmith pull toy-plain` brings it" in text(found)
    shutil.copytree(zoo / "artifacts" / "toy-plain", mine / "artifacts" / "toy-plain")
    found, claims = held(mine, registry=str(zoo))
    assert claims["same answer"] is True
    assert next(claim.found for claim in found.claims if claim.what == "speed") != "-", "a busy host may not tell more"


def test_what_cannot_be_measured_cannot_be_told(zoo: Path) -> None:
    shutil.rmtree(zoo / "data")
    found, claims = held(zoo)
    assert claims.pop("files") is True
    assert set(claims.values()) == {None}
    assert found.holds
    assert "does not exist" in " ".join(text(found).split())


def test_the_record_is_left_alone(zoo: Path) -> None:
    files = {file: file.read_bytes() for name in ("results", "model_cards") for file in (zoo / name).rglob("*.*")}
    measured = Workspace(zoo).measurement(DOUBLE, "quick")
    held(zoo)
    assert all(file.read_bytes() == before for file, before in files.items())
    assert measured is not None
    assert Workspace(zoo).measurement(DOUBLE, "quick") == measured


@pytest.mark.parametrize(
    ("gone", "told"),
    [("artifacts/toy-double", "zoosmith pull toy-double"), ("results/toy/double", "has no artifact 'toy-double'")],
)
def test_what_is_missing_is_named(zoo: Path, gone: str, told: str) -> None:
    shutil.rmtree(zoo / gone)
    book = parse((zoo / "registry.json").read_text(), "registry.json")
    del book.artifacts["toy-double"]
    (zoo / "registry.json").write_text(book.model_dump_json(by_alias=True))
    with pytest.raises(ZooError, match=told):
        held(zoo)


def test_the_claims_are_those_that_the_card_shows() -> None:
    quick, full = (
        records.measurement(suite=suite, measured=day)
        for suite, day in (("quick", "2026-02-02"), ("full", "2026-01-01"))
    )
    other = records.measurement(suite="full", measured="2026-01-02", host=records.host("elsewhere"))
    said = [of_measurement(each, "text-classification") for each in (quick, full, other)]
    shown = best([quick, full, other])
    assert (
        (shown.suite, shown.host.id) == (shown_by_card(said).suite, shown_by_card(said).host) == ("full", "elsewhere")
    )
    assert shown_by_card(said, "quick").suite == "quick"
    assert shown_by_card(said[1:], "quick").host == "elsewhere"


def test_without_a_suite_it_is_measured_as_the_card_was(zoo: Path) -> None:
    workspace = open_here(zoo)
    found = reproduce(workspace, DOUBLE, claims_of(workspace))
    assert found.source.startswith("suite quick 2 on ")
    assert {claim.what: claim.holds for claim in found.claims}["toy.accuracy"] is True


def test_as_a_user_types_it(zoo: Path) -> None:
    change(zoo, lambda body: body["quality"]["toy"]["metrics"]["accuracy"].update(value=0.5))
    done = doit(zoo, "reproduce", "toy-double")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "toy.accuracy  " in done.stdout
    assert "does not hold" in done.stdout
    wrong = doit(zoo, "reproduce", "toy-duble")
    assert wrong.returncode == 1
    assert "did you mean 'toy-double'" in wrong.stderr
    refused = doit(zoo, "reproduce", "toy-double", "--suite", "long")
    assert refused.returncode != 0
    assert "Traceback" not in refused.stderr
