"""What libraries say of their own accord does not reach who runs a command."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from zoosmith.common import noise

CODE = """
import sys, warnings
from zoosmith.app.cli import main
from zoosmith.app.cli.commands import search

def library(given):
    from transformers.utils import logging
    warnings.warn("a library's advice", FutureWarning)
    list(logging.tqdm(range(3), desc="Loading weights"))
    logging.get_logger("transformers.modeling_utils").warning("some weights are new")
    print("answer")

search.main = library
sys.exit(main.main(["search"]))
"""


def run(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if name not in (*noise.SILENT, "PYTHONWARNINGS")}
    return subprocess.run(
        [sys.executable, *options, "-c", CODE], env=plain | environment, capture_output=True, text=True, check=True
    )


def test_bars_advice_and_warnings_are_left_out() -> None:
    done = run()
    assert (done.stdout, done.stderr) == ("answer\n", "")


def test_who_asks_for_them_sees_them() -> None:
    done = run("-W", "default", HF_HUB_DISABLE_PROGRESS_BARS="0", TRANSFORMERS_VERBOSITY="warning")
    for said in ("a library's advice", "Loading weights", "some weights are new"):
        assert said in done.stderr


def test_what_is_set_already_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"TRANSFORMERS_VERBOSITY": "info"})
    noise.silence()
    assert os.environ == noise.SILENT | {"TRANSFORMERS_VERBOSITY": "info"}
