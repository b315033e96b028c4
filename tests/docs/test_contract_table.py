"""What the how-tos and lists say of plug-ins is what the code says: names of the contract, shipped builders."""

from __future__ import annotations

import re

import pytest

from tests.support.zoo import ROOT
from zoosmith import contract, plugins, tasks

BUILDERS = (ROOT / "docs" / "builders.md").read_text(encoding="utf-8")
NAME = re.compile(r"`(\w+)(?:\([^`]*)?`")


def names(docstring: str) -> set[str]:
    """Names that begin the lines of its tables, without arguments."""
    firsts = [line.split("  ")[0] for line in docstring.splitlines() if line.startswith("`")]
    return {name for first in firsts for name in NAME.findall(first)}


@pytest.mark.parametrize(("page", "docstring"), [("builder", contract.__doc__), ("task", tasks.__doc__)])
def test_a_page_has_every_name_of_the_contract(page: str, docstring: str) -> None:
    text = (ROOT / "docs" / "howto" / f"{page}.md").read_text(encoding="utf-8")
    shown = text.split("## The contract")[1].split("\n## ")[0]
    assert len(names(docstring)) > 15
    assert names(docstring) - set(re.findall(r"`(\w+)", shown)) == set()


def test_every_shipped_builder_is_listed() -> None:
    assert set(plugins.known("builders", ROOT)) - set(re.findall(r"`(\w+)`", BUILDERS)) == set()
