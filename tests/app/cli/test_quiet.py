"""`--quiet` leaves out notes, never answers and errors."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from zoosmith.app.cli.main import main, parser
from zoosmith.common import text


@pytest.fixture(autouse=True)
def _loud() -> Iterator[None]:
    yield
    text.hush(False)


@pytest.mark.parametrize("words", [["--quiet", "schema", "recipe"], ["schema", "recipe", "-q"]])
def test_it_may_stand_on_both_sides_of_the_command(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert parser().parse_args(words).quiet
    assert main(words) == 0
    assert text.hushed()
    assert capsys.readouterr().out.startswith("{")


def test_notes_go_and_the_rest_stays(capsys: pytest.CaptureFixture[str]) -> None:
    text.hush()
    text.show("a note", to=sys.stderr)
    text.show("an answer")
    text.show_error("zoosmith", "an error")
    assert capsys.readouterr() == ("an answer\n", "zoosmith: an error\n")


def test_without_it_notes_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    main(["schema", "recipe"])
    text.show("a note", to=sys.stderr)
    assert capsys.readouterr().err == "a note\n"
