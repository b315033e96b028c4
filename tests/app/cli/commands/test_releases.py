"""Commands that move names and keep house, as a user types them: JSON, exit codes, one error for bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.app.cli.commands.test_json import keys
from tests.support.published import publish
from tests.support.user import FILES, User
from tests.support.zoo import ROOT
from zoosmith.app.cli import completion
from zoosmith.app.cli import main as cli
from zoosmith.common import exits


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    """Somebody in an empty folder, with toy-a in three versions in the registry of $ZOOSMITH_REGISTRY."""
    someone = User(tmp_path)
    for number in range(3):
        publish(someone.registry, "toy-a", FILES | {"model.onnx": b"%d" % number})
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for name, value in (
        ("XDG_CACHE_HOME", "cache"),
        ("ZOOSMITH_CONFIG", "config.yaml"),
        ("ZOOSMITH_REGISTRY", "registry"),
    ):
        monkeypatch.setenv(name, str(tmp_path / value))
    return someone


def told(capsys: pytest.CaptureFixture[str], line: str, code: int = 0) -> list[dict[str, Any]]:
    assert cli.main([*line.split(), "--json"]) == code
    return [json.loads(each) for each in capsys.readouterr().out.splitlines()]


def test_json_has_the_keys_of_the_page(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    [made] = told(capsys, "promote toy-a@1 stable --why first")
    assert set(made) == {"judgement", "moved"} <= keys("promote")
    assert (made["moved"]["to_version"], made["moved"]["why"]) == (1, "first")
    assert told(capsys, "promote toy-a@2 stable --dry-run")[0]["moved"] is None
    told(capsys, "promote toy-a@2 stable")
    [back] = told(capsys, "rollback toy-a stable")
    [gone] = told(capsys, "yank toy-a@3 --why leaks")
    assert set(back) == set(gone) == keys("rollback`, `yank")
    assert (back["from_version"], back["to_version"], gone["version"]) == (2, 1, 3)
    told(capsys, "pull toy-a@3")
    [old] = told(capsys, "outdated")
    assert set(old) == keys("outdated")
    assert (old["version"], old["newest"], old["yanked"], old["behind"]) == (3, 2, "leaks", True)
    [listed] = told(capsys, "ls")
    assert set(listed) == keys("ls") - {"built"}
    assert (listed["version"], listed["aliases"]) == (3, {"stable": 1})
    [removed] = told(capsys, "rm toy-a --dry-run")
    assert set(removed) == keys("rm`, `prune")
    assert Path("toy-a").is_dir()
    told(capsys, "rm toy-a")
    assert not Path("toy-a").exists()
    assert set(told(capsys, "config")[0]) == keys("config")
    assert set(told(capsys, f"migrate {user.registry}")[0]) == keys("migrate")
    assert told(capsys, "show toy-a:stable")[0]["version"] == "toy-a@1"


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("promote toy-b@1 stable", 1, "did you mean 'toy-a'"),
        ("promote toy-a@9 stable", 1, "toy-a has no version '9'; known: 1, 2, 3"),
        ("promote toy-a@1 stabel", 1, "there is no alias 'stabel'; did you mean 'stable'? `--new` makes one"),
        ("promote toy-a@1 3", 1, "cannot be the name of an alias"),
        ("promote toy-a@1 stable --measure", 1, "this zoo has no such artifact"),
        ("promote toy-a@1 stable --registry https://zoo.invalid/", 1, "zoo.invalid"),
        ("rollback toy-a stable", 1, "toy-a has no alias 'stable'"),
        ("rollback toy-b stable", 1, "did you mean 'toy-a'"),
        ("yank toy-a", 1, "yank takes a version by its number, such as toy-a@3"),
        ("yank toy-a@3", 1, "--why TEXT is missing"),
        ("yank toy-a@3 --undo", 1, "toy-a@3 is not yanked"),
        ("pull toy-a:stabel", 1, "toy-a has no version 'stabel'; known: 1, 2, 3"),
        ("outdated toy-z", 1, "'toy-z' is not here"),
        ("canary toy-a@3 --against 1 --data none.jsonl", 1, "--data none.jsonl: no such file"),
    ],
)  # fmt: skip
def test_bad_input_is_one_error(
    user: User, line: str, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (user.registry / "registry.json").read_bytes()
    assert cli.main(line.split()) == code
    out, error = capsys.readouterr()
    assert said in error
    assert out == ""
    assert (user.registry / "registry.json").read_bytes() == before


def test_what_was_yanked_is_said_with_quiet_too(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "yank toy-a@3 --why leaks")
    assert cli.main(["pull", "toy-a@3", "-q"]) == 0
    assert "toy-a@3 was yanked by its publisher: leaks (toy-a@2 is not)" in capsys.readouterr().err
    assert told(capsys, "search")[0]["latest"] == 2
    assert cli.main(["outdated", "--check"]) == exits.Outdated.code
    capsys.readouterr()
    for number in (1, 2):
        told(capsys, f"yank toy-a@{number} --why leaks")
    assert cli.main(["search"]) == 1
    assert cli.main(["pull", "toy-a"]) == 1
    assert "every version of toy-a in" in capsys.readouterr().err


def test_a_search_of_several_says_which_registry_a_name_is_of(
    user: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(tmp_path / "lower", "toy-a", FILES)
    publish(tmp_path / "lower", "toy-b", FILES)
    found = told(capsys, f"search --registry {user.registry} --registry {tmp_path / 'lower'}")
    assert [(each["name"], each["latest"], Path(each["registry"]).name) for each in found] == [
        ("toy-a", 3, "registry"), ("toy-b", 1, "lower"),
    ]  # fmt: skip


def test_every_code_is_in_the_table() -> None:
    page = (ROOT / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    ours = sorted(
        vars(each)["code"] for each in vars(exits).values() if isinstance(each, type) and "code" in vars(each)
    )
    assert ours == [4, 5, 6, 7, 8]
    assert all(f"| {code} |" in page for code in ours)


def test_aliases_and_versions_are_completed(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "promote toy-a@1 live")
    assert completion.published("toy-a:") == ["toy-a:live"]
    assert completion.published("toy-a@") == ["toy-a@1", "toy-a@2", "toy-a@3"]
    typed = type("Typed", (), {"name": "toy-a@2"})
    assert completion.aliases("", typed) == ["canary", "live", "stable"]
    assert completion.keys("ca") == ["cache"]
