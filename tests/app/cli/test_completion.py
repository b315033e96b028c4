"""What TAB offers."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.zoo import ROOT
from zoosmith.app.cli import completion
from zoosmith.app.cli.main import parser

RECIPE = "schema: 1\nartifacts:\n  fp32: {builder: finetune}\n  onnx: {builder: onnx}\n"


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "dodo.py").touch()
    (tmp_path / "recipes" / "tickets.yaml").write_text(RECIPE, encoding="utf-8")
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
