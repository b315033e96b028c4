"""Packages by the name of their module, for everything that a shipped runtime or builder requires."""

from __future__ import annotations

import importlib.util
from importlib.metadata import version
from pathlib import Path

import pytest

from zoosmith import plugins
from zoosmith.common.packages import module_of

ROOT = Path(__file__).parents[2]
REQUIRED = sorted(
    {
        package
        for kind in ("runtimes", "builders")
        for name in plugins.known(kind, ROOT)
        for package in plugins.load(kind, name, ROOT).REQUIRES
    }
)


@pytest.mark.parametrize("package", REQUIRED)
def test_what_is_installed_is_found_by_its_module(package: str) -> None:
    assert version(package)
    assert importlib.util.find_spec(module_of(package)) is not None
