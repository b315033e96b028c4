"""What TAB offers."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.published import publish, serving
from tests.support.zoo import ROOT
from zoosmith.app.cli import completion
from zoosmith.app.cli.main import parser
from zoosmith.publish.migrating import migrate
from zoosmith.publish.opening import open_catalog
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.retry import RetryPolicy

RECIPE = "schema: 1\nartifacts:\n  fp32: {builder: finetune}\n  onnx: {builder: onnx}\n"


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "dodo.py").touch()
    (tmp_path / "recipes" / "tickets.yaml").write_text(RECIPE, encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("ZOOSMITH_CONFIG", str(tmp_path / "config.yaml"))
    monkeypatch.delenv("ZOOSMITH_REGISTRY", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_place_that_is_completed_is_there() -> None:
    [commands] = [each for each in parser()._actions if isinstance(each, argparse._SubParsersAction)]
    there = {(name, action.dest) for name, one in commands.choices.items() for action in one._actions}
    assert set(completion.COMPLETERS) <= there


def test_artifacts_of_recipes_and_of_folders(zoo: Path) -> None:
    (zoo / "artifacts" / "tickets-pulled").mkdir(parents=True)
    (zoo / "artifacts" / "tickets-pulled" / "manifest.json").touch()
    assert completion.artifacts("tick") == ["tickets-fp32", "tickets-onnx", "tickets-pulled"]
    assert completion.artifacts("tickets-o") == ["tickets-onnx"]
    assert "minilm-sst2-fp32" in completion.artifacts("minilm-s")
    assert completion.families("ticke") == ["tickets"]


def test_a_broken_recipe_offers_nothing_and_says_nothing(zoo: Path) -> None:
    (zoo / "recipes" / "tickets.yaml").write_text("artifacts: [", encoding="utf-8")
    assert completion.artifacts("tick") == []


def test_names_of_a_registry(zoo: Path) -> None:
    assert completion.published("") == []
    (zoo / "registry.json").write_text('{"artifacts": {"toy-a": {}, "other": {}}}', encoding="utf-8")
    assert completion.published("to") == ["toy-a"]


def test_a_shell_gets_its_answer(zoo: Path) -> None:
    pytest.importorskip("argcomplete")
    line = "zoosmith build tickets-o"
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    told = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "PYTHONPATH": path,
            "_ARGCOMPLETE_STDOUT_FILENAME": str(zoo / "offered"), "_ARGCOMPLETE_IFS": "\n"}  # fmt: skip
    subprocess.run([sys.executable, "-m", "zoosmith.app.cli.main"], cwd=zoo, env=os.environ | told, check=True)
    assert (zoo / "offered").read_text(encoding="utf-8").split() == ["tickets-onnx"]


@pytest.fixture
def many(zoo: Path) -> Path:
    """A registry of many files that a command has read, and toy-a in two versions in it."""
    folder = zoo / "published"
    publish(folder, "toy-a", {"model.onnx": b"good"})
    publish(folder, "toy-a", {"model.onnx": b"better"})
    publish(folder, "other", {"model.onnx": b"good"})
    migrate(str(folder))
    return folder


def read(place: str) -> None:
    assert open_catalog(place, Path("/nowhere"), Cache(), RetryPolicy(tries=1)).briefs


def test_names_versions_and_aliases_of_a_registry_of_many_files(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOOSMITH_REGISTRY", str(many))
    assert completion.published("to") == [], "before a command has read it"
    assert not (many.parent / "cache").exists(), "who looks writes nothing"
    read(str(many))
    assert completion.published("to") == ["toy-a"]
    assert completion.published("toy-a@") == ["toy-a@1", "toy-a@2"]
    assert completion.published("toy-z@") == []
    assert completion.aliases("", argparse.Namespace(name="toy-a")) == ["canary", "stable"]
    [file] = (Path(os.environ["XDG_CACHE_HOME"]) / "zoosmith" / "registries").glob("*.briefs")
    file.write_bytes(file.read_bytes().replace(b'"toy-a"', b'"toy-x"'))
    assert completion.published("to") == [], "damaged"


def test_a_registry_at_a_url_is_completed_without_asking_it(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(many) as server:
        monkeypatch.setenv("ZOOSMITH_REGISTRY", server.url)
        assert completion.published("to") == []
        assert server.asked == []
        read(server.url)
        asked = len(server.asked)
        assert completion.published("to") == ["toy-a"]
        assert completion.published("toy-a@") == ["toy-a@1", "toy-a@2"]
        assert len(server.asked) == asked
    assert completion.published("toy-a@") == ["toy-a@1", "toy-a@2"], "nor when it is down"


def test_a_registry_further_up_comes_first(many: Path, zoo: Path) -> None:
    (zoo / "registry.json").write_text('{"artifacts": {"toy-a": {"versions": {"7": {}}}, "odd": 3}}', encoding="utf-8")
    config = Path(os.environ["ZOOSMITH_CONFIG"])
    config.write_text(f"registries: [{many}]\n", encoding="utf-8")
    read(str(many))
    assert completion.published("") == ["odd", "other", "toy-a"]
    assert completion.published("toy-a@") == ["toy-a@7"]
    assert completion.published("odd@") == []


@pytest.mark.parametrize("damage", ["", "{", "[]", '"text"', '{"schema": 3}', '{"artifacts": 5}'])
def test_a_damaged_registry_offers_nothing_and_says_nothing(zoo: Path, damage: str) -> None:
    (zoo / "registry.json").write_text(damage, encoding="utf-8")
    assert completion.published("t") == []
    assert completion.published("toy-a@") == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("zoosmith pull toy", ["pull"]),
        ("zoosmith pul", []),
        ("zoosmith pull ", ["pull"]),
        ("zoosmith -q pull to", ["-q", "pull"]),
    ],
)
def test_the_command_that_stands_before_the_cursor_is_built_alone(
    monkeypatch: pytest.MonkeyPatch, line: str, words: list[str]
) -> None:
    assert completion.typed() is None
    monkeypatch.setenv("_ARGCOMPLETE", "1")
    monkeypatch.setenv("COMP_LINE", line + "XYZ")
    monkeypatch.setenv("COMP_POINT", str(len(line)))
    assert completion.typed() == words
    assert ("search" in parser(words).commands) is ("pull" not in words)
    assert "pull" in parser(words).commands
