"""What docs/choosing.md shows can be typed: its commands exist and find what this repository records."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from zoosmith import cli
from zoosmith.engine import command_reproduce, commands

ROOT = Path(__file__).parents[1]
LINES = re.findall(r"^(?:zoosmith|doit) .+$", (ROOT / "docs" / "choosing.md").read_text(encoding="utf-8"), flags=re.M)


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("zoosmith ")])
def test_each_command_gives_an_answer(
    line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("ZOOSMITH_REGISTRY", raising=False)
    code = cli.main(shlex.split(line)[1:])
    said = capsys.readouterr()
    assert "minilm-names-" in said.out
    assert code == 0 or "nothing meets every limit; nearest is minilm-names-" in said.err


def test_the_page_shows_each_command() -> None:
    assert {line.split()[1] for line in LINES} == {"best", "compare", "reproduce"}


def test_every_command_of_ours_is_an_entry_point() -> None:
    points = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["doit.COMMAND"]
    ours = {kind.__name__ for kind in commands.ZooCommand.__subclasses__()}
    assert command_reproduce.Reproduce.__name__ in ours
    assert ours <= {target.partition(":")[2] for target in points.values()}
