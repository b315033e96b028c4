"""The user's configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoosmith.app.cli import main as cli
from zoosmith.contract.errors import ZooError
from zoosmith.transfer.cache import default_root
from zoosmith.transfer.config import Config


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZOOSMITH_CONFIG", str(tmp_path / "own" / "config.yaml"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("ZOOSMITH_REGISTRY", raising=False)
    return tmp_path / "own" / "config.yaml"


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert cli.main(["config", *words]) == 0
    return capsys.readouterr().out


def test_what_is_set_is_got_listed_and_unset(file: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert Config.read() == Config()
    assert said(capsys, "set", "registries", "https://a/", "file:///b") == f"registries is set in {file}\n"
    said(capsys, "set", "cache", str(tmp_path / "big"))
    assert said(capsys, "get", "registries") == "https://a/\nfile:///b\n"
    assert file.read_text() == f"cache: {tmp_path / 'big'}\nregistries:\n- https://a/\n- file:///b\n"
    assert default_root() == tmp_path / "big"
    listed = said(capsys)
    assert "registries  https://a/, file:///b" in listed
    assert f"file: {file}" in listed
    assert f"cache is unset in {file}" in said(capsys, "unset", "cache")
    assert default_root() == tmp_path / "xdg" / "zoosmith"
    assert '"registries": ["https://a/", "file:///b"]' in said(capsys, "list", "--json")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("set", "registrys", "x"), "there is no key 'registrys'; did you mean 'registries'"),
        (("get", "cahce"), "there is no key 'cahce'; did you mean 'cache'"),
        (("set", "cache", "a", "b"), "cache has one value; found 2"),
        (("set", "cache"), "say `zoosmith config set KEY VALUE`"),
        (("unset", "cache", "x"), "say `zoosmith config set KEY VALUE`"),
    ],
)
def test_what_cannot_be_set(words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str], file: Path) -> None:
    assert cli.main(["config", *words]) == 1
    assert told in capsys.readouterr().err
    assert not file.exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [("cach: x", "did you mean 'cache'"), ("cache: [a]", "expected one text"), ("registries: x", "expected a list"),
     ("- a", "expected `KEY: VALUE`"), ("a: [", "is no YAML"), ("cache: 7", "expected one text")],
)  # fmt: skip
def test_a_file_that_is_wrong_is_told(file: Path, text: str, told: str) -> None:
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(ZooError, match=told):
        Config.read()
