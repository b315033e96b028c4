"""`zoosmith builders`."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.zoo import ROOT
from zoosmith.app.cli import main as cli

HEAVY = ("torch", "transformers", "numpy", "onnx", "pydantic")


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_the_list_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["builders"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.split() == ["onnx_int8", "onnx", "->", "onnx"] for line in lines)


def test_the_list_imports_nothing_heavy() -> None:
    run = "b.main(argparse.Namespace(name=None, json=True, markdown=False))"
    said = f"print([m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    code = f"from zoosmith.app.cli.commands import builders as b; import argparse, sys; {run}; {said}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert {json.loads(line)["name"] for line in done.stdout.splitlines()} >= {"finetune", "gguf"}


def test_one_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["builders", "onnx-int8", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["gives"] == {"onnx": ["int8"]}
    assert told["parameters"][0] == {"name": "per_channel", "type": "true or false", "default": True, "allowed": "",
                                     "about": "one scale per output channel", "parameters": []}  # fmt: skip


def test_a_misspelt_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["builders", "fintune"]) == 1
    assert "did you mean 'finetune'" in capsys.readouterr().err


def test_the_page_in_docs_is_what_is_generated(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["builders", "--markdown"]) == 0
    page = (ROOT / "docs" / "reference" / "builders.md").read_text(encoding="utf-8")
    told = "write it anew: zoosmith builders --markdown > docs/reference/builders.md"
    assert capsys.readouterr().out == page, told
