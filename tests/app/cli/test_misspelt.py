"""What is misspelt on the command line is told with what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.table import write_table
from zoosmith.app.cli.main import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["serch"], "there is no command 'serch'; did you mean 'search'?"),
        (["pul", "toy-a"], "there is no command 'pul'; did you mean 'pull'?"),
        (["list"], "there is no command 'list'; did you mean 'ls'?"),
        (["search", "--regsitry", "x"], "there is no option '--regsitry'; did you mean '--registry'?"),
        (["pull", "toy-a", "--intoo=here"], "there is no option '--intoo'; did you mean '--into'?"),
        (["compare", "a", "b", "--suite", "ful"], "--suite takes no 'ful'; did you mean 'full'?"),
        (["schema", "recipes"], "takes no 'recipes'; did you mean 'recipe'?"),
        (["show", "one", "two"], "unrecognized arguments: two"),
    ],
)
def test_commands_options_and_choices(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_the_help_is_short_and_says_how_a_shell_completes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    assert said.splitlines()[0] == "usage: zoosmith [-h] [--version] [-q] COMMAND ..."
    assert "{" not in said, "no second list of all the names"
    assert 'eval "$(register-python-argcomplete zoosmith)"' in said


def test_a_family_that_there_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(write_table(tmp_path / "zoo"))
    assert main(["ls", "toi"]) == 1
    assert "no artifact's name begins with 'toi'; did you mean 'toy'?" in capsys.readouterr().err
    assert main(["ls", "toi", "--here"]) == 0, "none of them is here, which is an answer"
    assert main(["ls", "to"]) == 0
