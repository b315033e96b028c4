"""`--json` of commands about registries: one object a line, with the keys that docs/commands.md names."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.keys import key_pair
from tests.support.published import publish
from tests.support.user import FILES, User, at
from tests.support.zoo import ROOT
from zoosmith.app.cli import main as cli

DOCUMENTED = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def keys(command: str) -> set[str]:
    """The keys that the page names for a command, up to what is said of their parts."""
    row = next(line for line in DOCUMENTED.splitlines() if line.startswith(f"| `{command}` |"))
    return set(re.findall(r"`(\w+)`", re.sub(r", each with [^;]*", "", row.split("|")[3])))


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    someone = User(tmp_path)
    publish(someone.registry, "toy-a", FILES, at)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return someone


def told(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert cli.main([*words, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_search_show_pull_and_verify(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--registry", str(user.registry))
    [found] = told(capsys, "search", *where)
    assert (found["name"], found["latest"]) == ("toy-a", 1)
    assert set(found) == keys("search")
    [row] = told(capsys, "show", "toy-a", *where)
    assert (row["version"], row["versions"]) == ("toy-a@1", ["1"])
    assert {file["path"] for file in row["files"]} >= {"model.onnx"}
    [pulled] = told(capsys, "pull", "toy-a", *where)
    assert set(pulled) == keys("pull")
    assert (pulled["folder"], pulled["unchanged"]) == ("toy-a", False)
    [sound] = told(capsys, "verify", "toy-a", *where)
    assert set(sound) == keys("verify")
    assert sound["tree"] == row["tree_digest"]


def test_an_error_is_no_json(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["show", "toy-b", "--registry", str(user.registry), "--json"]) == 1
    said = capsys.readouterr()
    assert (said.out, "did you mean 'toy-a'" in said.err) == ("", True)


def test_init(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [plain] = told(capsys, "init", str(tmp_path / "plain"))
    assert (plain["recipe"], plain["classes"]) == ("recipes/first.yaml", {})
    (tmp_path / "t.csv").write_text("text;label\ngood;yes\nbad;no\nbad;no\n", encoding="utf-8")
    words = ("init", str(tmp_path / "zoo"), "--csv", str(tmp_path / "t.csv"), "--license", "cc0-1.0")
    [made] = told(capsys, *words)
    assert set(made) == keys("init")
    assert (made["classes"], made["twins"], made["empty"]) == ({"yes": 1, "no": 2}, 1, 0)
    assert (tmp_path / "zoo" / made["recipe"]).is_file()
    assert made["next"] == "zoosmith build t-onnx-int8"
    assert cli.main([*words, "--json"]) == 1
    assert capsys.readouterr().out == "", "what cannot be done is no JSON"


def test_what_is_carried_and_signed(
    user: User, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    private, public = key_pair(tmp_path, "alice")
    where = ("--registry", str(user.registry))
    [bundle] = told(capsys, "bundle", "toy-a", "-o", "zoo.zoosmith", *where)
    assert set(bundle) == keys("bundle")
    assert bundle["holds"] == ["toy-a@1"]
    [image] = told(capsys, "export", "toy-a", "--oci", "image", *where)
    assert set(image) == keys("export")
    [signed] = told(capsys, "sign", "toy-a", "--key", str(private), *where)
    assert set(signed) == keys("sign")
    [trust] = told(capsys, "trust", "add", str(public), *where)
    assert set(trust) == keys("trust")
    assert list(trust["keys"]) == [signed["key"]]
    [whole] = told(capsys, "verify", "zoo.zoosmith")
    assert set(whole) == {"file", "holds"}
