"""Every command that an installation of this project names is there."""

from __future__ import annotations

import importlib
import tomllib

import pytest
from doit.cmd_base import Command

from tests.support.zoo import ROOT
from zoosmith.app.doit import commands

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PLUGINS = PROJECT["entry-points"]["doit.COMMAND"]


def test_every_entry_point_is_a_command() -> None:
    for name, place in PLUGINS.items():
        module, _, attribute = place.partition(":")
        found = getattr(importlib.import_module(module), attribute)
        assert issubclass(found, Command)
        assert attribute.lower() == name
        assert getattr(commands, attribute, found) is found


def test_help_shows_what_can_be_done_with_a_zoo(capsys: pytest.CaptureFixture[str]) -> None:
    commands.Help.print_usage(commands.Help.__new__(commands.Help), {})
    told = capsys.readouterr().out
    assert "doit build:NAME" in told
    assert "strace" not in told  # doit's own
    assert max(map(len, told.splitlines())) <= 80
    ours = {name for name in PLUGINS if name not in ("run", "help", "info")}
    assert {name for name in ours if f"doit {name}" not in told} == set()
