"""The list of builders as text of 80 columns."""

from __future__ import annotations

from collections.abc import Sequence

from zoosmith.build.reference.index import Entry
from zoosmith.common.wrapped import filled, table


def listed(found: Sequence[Entry]) -> list[str]:
    """Name, formats and a sentence of each builder, those of the project marked."""
    rows = [[one.name + " *" * one.own, f"{_either(one.takes)} -> {_either(one.gives)}"] for one in found]
    lines = [part for one, row in zip(found, table(rows), strict=True) for part in (row, *_said(one.about))]
    own = ["* from builders/ of this zoo"] if any(one.own for one in found) else []
    return [*lines, *own, "", "`zoosmith builders NAME` tells parameters, formats and an example."]


def _said(about: str) -> list[str]:
    return filled(about, "    ", "    ")


def _either(formats: Sequence[str]) -> str:
    return ", ".join("base" if each == "source" else each for each in formats) or "?"
