"""Sizes as people write them."""

from __future__ import annotations

import re

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError

UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
SIZE = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+) ?(?P<unit>[A-Za-z]*)", re.A)


def size(text: str) -> float:
    """Bytes of "50MB" or "1.5 GB"; MB is 10^6 bytes, MiB 2^20. Raises ZooError for anything else.

    Source: IEC 80000-13 for the prefixes.
    """
    match = SIZE.fullmatch(text.strip())
    if match is None:
        raise ZooError(f"{text!r} is no size; expected a number and a unit, such as 50MB or 1.5GB")
    if not match["unit"]:
        raise ZooError(f"{text!r} has no unit; write {match['number']}MB or another of {', '.join(UNITS)}")
    if match["unit"] not in UNITS:
        raise ZooError(f"{match['unit']!r} in {text!r} is no unit{_near(match['unit'])}")
    return float(match["number"]) * UNITS[match["unit"]]


def _near(unit: str) -> str:
    """The unit of the same letters before one that only looks like it: a case is the commonest slip."""
    same = [known for known in UNITS if known.casefold() == unit.casefold()]
    return f"; did you mean {same[0]!r}?" if same else nearest(unit, UNITS)


def megabytes(size: float) -> str:
    """Bytes in MB of 10^6, the number alone: one decimal."""
    return f"{size / 1e6:,.1f}"


def sized(size: float) -> str:
    """Bytes with their unit and one decimal: MB, or kB where that would leave nothing of it, or GB from ten on."""
    if size >= 1e10:
        return f"{size / 1e9:,.1f} GB"
    if size >= 1e5 or size == 0:
        return f"{megabytes(size)} MB"
    return f"{size / 1e3:.1f} kB"
