"""List the artifacts of a registry."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from zoosmith.app.cli.commands._registry import all_opened, json_argument, registry_argument, tell_left_out
from zoosmith.common.plain import plain
from zoosmith.common.units import sized
from zoosmith.contract.errors import ZooError

if TYPE_CHECKING:
    from zoosmith.publish.catalog import Catalog
    from zoosmith.records.brief import Brief

INWARD = ("heads", "last")  # what was seen of the registry before is compared by
FILTERS = ("task", "format", "precision", "license")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Words and filters."""
    parser.add_argument("words", nargs="*", help="all must stand in the name, base, task, format or builder")
    for name in FILTERS:
        parser.add_argument(f"--{name}")
    registry_argument(parser)
    json_argument(parser, "an artifact")


def main(given: argparse.Namespace) -> None:
    """One line an artifact, its newest version that is not yanked. Raises ZooError where nothing fits."""
    from zoosmith.common.text import columns, show, show_json

    catalogs = all_opened(given)
    found = sorted(_found(catalogs, given))
    if not found:
        bases = ", ".join(catalog.base for catalog in catalogs)
        raise ZooError(f"nothing in {bases} fits; `zoosmith search` alone lists all of it")
    if given.json:
        for name, brief, base in found:
            told = {key: value for key, value in plain(brief).items() if key not in INWARD}
            show_json({"name": name, **told, "registry": base})
        return
    for line in columns((*cells(name, brief), *([base] if len(catalogs) > 1 else ())) for name, brief, base in found):
        show(line)


def cells(name: str, brief: Brief) -> tuple[str, ...]:
    """A row of the table."""
    what = (brief.format, brief.precision, brief.task)
    aliases = ", ".join(f"{alias} {number}" for alias, number in sorted(brief.aliases.items()))
    return (f"{name}@{brief.latest}", *what, sized(brief.size_total), brief.quality, aliases)


def _found(catalogs: Sequence[Catalog], given: argparse.Namespace) -> Iterator[tuple[str, Brief, str]]:
    """Name, brief and registry of what fits; a name further up hides the same further down."""
    sought = [*given.words, *filter(None, (getattr(given, key) for key in FILTERS))]
    for place, catalog in enumerate(catalogs):
        left_out = set(catalog.left_out)
        tell_left_out(catalog, catalog.left_out)
        for name, brief in catalog.holding(sought).items():
            hidden = name in left_out or any(name in above.artifacts for above in catalogs[:place])
            if brief and not hidden and not brief.gone and fits(name, brief, given):
                yield name, brief, catalog.base


def fits(name: str, brief: Brief, given: argparse.Namespace) -> bool:
    """Whether all words and filters hold; letters' case does not count."""
    if any((wanted := getattr(given, key)) and wanted.lower() != getattr(brief, key).lower() for key in FILTERS):
        return False
    text = " ".join((name, brief.task, brief.format, brief.precision, brief.builder, *brief.base)).lower()
    return all(word.lower() in text for word in given.words)
