"""What docs/choosing.md shows is what its commands print of this repository's record."""

from __future__ import annotations

import tomllib

import pytest

from tests.support.shown import BLOCK, answer, refreshed
from tests.support.zoo import ROOT
from zoosmith.app.doit import command_reproduce
from zoosmith.app.doit.command import ZooCommand

PAGE = (ROOT / "docs" / "choosing.md").read_text(encoding="utf-8")
SHOWN = {found["line"]: found["shown"] for found in BLOCK.finditer(PAGE)}


@pytest.mark.parametrize("line", SHOWN)
def test_each_command_prints_what_the_page_shows(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZOOSMITH_REGISTRY", raising=False)
    assert answer(line) == SHOWN[line], "the page is stale: python -m tests.support.shown docs/choosing.md"


def test_every_block_of_the_page_follows_its_command() -> None:
    assert {line.split()[1] for line in SHOWN} == {"best", "compare", "reproduce"}
    assert PAGE.count("```") == 4 * len(SHOWN)


def test_a_stale_block_is_noticed_and_written_again() -> None:
    line, shown = next(iter(SHOWN.items()))
    stale = PAGE.replace(shown, "minilm-names-fp32@1\n")
    assert BLOCK.search(stale)["shown"] != answer(line)  # type: ignore[index]
    assert refreshed(stale, SHOWN.__getitem__) == PAGE


def test_every_command_of_ours_is_an_entry_point() -> None:
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["doit.COMMAND"]
    ours = {kind.__name__ for kind in ZooCommand.__subclasses__()}
    assert command_reproduce.Reproduce.__name__ in ours
    assert ours <= {target.partition(":")[2] for target in points.values()}
