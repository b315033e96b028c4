"""List the artifacts of a registry."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from zoosmith.app.cli.commands._registry import json_argument, opened, registry_argument, tell_left_out
from zoosmith.common.plain import plain
from zoosmith.common.units import sized

if TYPE_CHECKING:
    from zoosmith.records.brief import Brief

FILTERS = ("task", "format", "precision", "license")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Words and filters."""
    parser.add_argument("words", nargs="*", help="all must stand in the name, base, task, format or builder")
    for name in FILTERS:
        parser.add_argument(f"--{name}")
    registry_argument(parser)
    json_argument(parser, "an artifact")


def main(given: argparse.Namespace) -> None:
    """One line an artifact, its latest version. Raises ZooError where nothing fits."""
    from zoosmith.common.text import columns, show, show_json
    from zoosmith.contract.errors import ZooError

    catalog = opened(given)
    found, damaged = [], []
    for name, brief in sorted(catalog.briefs.items()):
        if brief is None or not is_name(name):
            damaged.append(name)
        elif fits(name, brief, given):
            found.append((name, brief))
    tell_left_out(catalog, damaged)
    if not found:
        raise ZooError(f"nothing in {catalog.base} fits; `zoosmith search` alone lists all of it")
    if given.json:
        for name, brief in found:
            show_json({"name": name, **plain(brief)})
        return
    for line in columns(cells(name, brief) for name, brief in found):
        show(line)


def cells(name: str, brief: Brief) -> tuple[str, ...]:
    """A row of the table."""
    what = (brief.format, brief.precision, brief.task)
    return (f"{name}@{brief.latest}", *what, sized(brief.size_total), brief.quality)


def is_name(name: str) -> bool:
    """Whether it may be the name of an artifact."""
    from zoosmith.common import safe
    from zoosmith.contract.errors import ZooError

    try:
        return bool(safe.name(name))
    except ZooError:
        return False


def fits(name: str, brief: Brief, given: argparse.Namespace) -> bool:
    """Whether all words and filters hold; letters' case does not count."""
    if any((wanted := getattr(given, key)) and wanted.lower() != getattr(brief, key).lower() for key in FILTERS):
        return False
    text = " ".join((name, brief.task, brief.format, brief.precision, brief.builder, *brief.base)).lower()
    return all(word.lower() in text for word in given.words)
