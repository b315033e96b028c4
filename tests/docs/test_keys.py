"""docs/keys.md names every input of a build's key."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.built import _built_once, built
from zoosmith.build.workspace import Workspace
from zoosmith.recipes.graph import Ref

PAGE = (Path(__file__).parents[2] / "docs" / "keys.md").read_text(encoding="utf-8")

__all__ = ["_built_once", "built"]


def test_every_input_of_a_build_stands_in_the_page(built: Path) -> None:
    inputs = Workspace(built).resolver.action("artifact", Ref("toy", "plain")).inputs
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", PAGE.split("## Data, bases")[0], re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert inputs.keys() - {"schema", "kind"} <= named
    assert named == (inputs.keys() - {"schema", "kind"}) | {"machine", "device"}
