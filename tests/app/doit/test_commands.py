"""Every command that an installation of this project names is there."""

from __future__ import annotations

import importlib
import tomllib

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
