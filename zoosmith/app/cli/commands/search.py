"""List the artifacts of a registry."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from zoosmith.app.cli.commands._registry import opened, registry_argument
from zoosmith.common.units import sized

if TYPE_CHECKING:
    from zoosmith.records.registry import Row

FILTERS = ("task", "format", "precision", "license")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Words and filters."""
    parser.add_argument("words", nargs="*", help="all must stand in the name, base, task, format or builder")
    for name in FILTERS:
        parser.add_argument(f"--{name}")
    registry_argument(parser)


def main(given: argparse.Namespace) -> None:
    """One line an artifact, its latest version. Raises ZooError where nothing fits."""
    from zoosmith.common.text import columns, show
    from zoosmith.contract.errors import ZooError

    catalog = opened(given)
    found = []
    for name in sorted(catalog.registry.artifacts):
        version = catalog.newest(name)
        if fits(name, version.row, given):
            quality = first_quality(version.row)
            cells = (str(version), version.row.format, version.row.precision, version.row.task)
            found.append((*cells, sized(version.row.size_total), quality))
    if not found:
        raise ZooError(f"nothing in {catalog.base} fits; `zoosmith search` alone lists all of it")
    for line in columns(found):
        show(line)


def fits(name: str, row: Row, given: argparse.Namespace) -> bool:
    """Whether all words and filters hold; letters' case does not count."""
    if any((wanted := getattr(given, key)) and wanted.lower() != getattr(row, key).lower() for key in FILTERS):
        return False
    text = " ".join((name, row.task, row.format, row.precision, row.builder, *row.base)).lower()
    return all(word.lower() in text for word in given.words)


def first_quality(row: Row) -> str:
    """The headline metric with its value, of the largest measurement."""
    results = sorted(row.results, key=lambda result: -max((q.n for q in result.quality.values()), default=0))
    if not results or not results[0].quality:
        return ""
    from zoosmith.records import words
    from zoosmith.records.family import headline

    name = headline(results[0])
    value = results[0].metric(name)
    return f"{name} {words.value(value)}" if value else ""
