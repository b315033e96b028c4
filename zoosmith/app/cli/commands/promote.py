"""Let a name such as `stable` stand for a version, once its limits hold against the version that it stands for now.

The limits are those of the recipe: on record, or measured here again with --measure. Exit code 4 where one does not
hold; 7 where somebody else moved the name meanwhile.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import TYPE_CHECKING

from zoosmith.app.cli.commands._registry import changed_argument, json_argument, opened, tell_index, warn

if TYPE_CHECKING:
    from zoosmith.publish.catalog import Catalog, Version
    from zoosmith.records.judging import Judgement

USUAL = ("stable", "canary")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which version, and which name."""
    parser.add_argument("name", help="NAME@N; NAME alone is the newest version")
    parser.add_argument("alias", help="the name that moves, such as stable or canary")
    parser.add_argument("--new", action="store_true", help="make an alias whose name is near to that of another")
    parser.add_argument("--measure", action="store_true", help="measure both versions here, in the zoo that made them")
    parser.add_argument("--suite", choices=("quick", "full"), default="quick", help="with --measure (default: quick)")
    parser.add_argument("--why", default="", metavar="TEXT", help="what the history says")
    parser.add_argument("--force", action="store_true", help="move it though a limit does not hold; needs --why")
    parser.add_argument("--dry-run", action="store_true", help="compare and say so, and change nothing")
    changed_argument(parser)
    json_argument(parser, "the entry of the history, with what was compared")


def main(given: argparse.Namespace) -> None:
    """Compare, move, and say both. Raises ZooError, Refused or Moved."""
    from zoosmith.common.plain import plain
    from zoosmith.common.text import show, show_json, show_lines
    from zoosmith.contract.errors import ZooError
    from zoosmith.publish.author import author
    from zoosmith.publish.promotion import promote

    if given.force and not given.why:
        raise ZooError("--force needs --why TEXT: the history says why a version moved though its limits did not hold")
    catalog = opened(given, name=given.name)
    version = catalog.find(given.name)
    if not given.new:
        require_meant(given.alias, catalog.artifacts[version.name].aliases)
    warn(catalog, version)
    found = judgement(given, catalog, version)
    if not given.json:
        show_lines(found.text)
    if given.dry_run:
        told = "would not be moved" if found.missed and not given.force else "would be moved"
        show_json({"judgement": plain(found), "moved": None}) if given.json else show(
            f"{given.alias} {told}; --dry-run"
        )
        return
    made = promote(catalog, version, given.alias, author(given.why), found, force=given.force)
    tell_index(catalog.base)
    if given.json:
        show_json({"judgement": plain(found), "moved": plain(made)})
        return
    before = "was no version" if made.from_version is None else f"was {made.from_version}"
    show(f"{version.name}:{made.alias} is version {made.to_version} now ({before}); history entry {made.digest[:12]}")


def require_meant(alias: str, known: Iterable[str]) -> None:
    """Raise ZooError for a new alias that looks like a slip for one that there is, or for a usual one."""
    from difflib import get_close_matches

    from zoosmith.contract.errors import ZooError

    names = {*known, *USUAL}
    if alias not in names and (near := get_close_matches(alias, names, n=1, cutoff=0.8)):
        raise ZooError(f"there is no alias {alias!r}; did you mean {near[0]!r}? `--new` makes one of this name")


def judgement(given: argparse.Namespace, catalog: Catalog, version: Version) -> Judgement:
    """What is on record, or with --measure what is measured here. Raises ZooError."""
    from zoosmith.publish import promotion
    from zoosmith.publish.promotion import judge

    promotion.require_movable(catalog, version)
    if not given.measure:
        return judge(catalog, version, given.alias)
    from zoosmith.app.cli.commands._progress import Progress
    from zoosmith.build.workspace import Workspace
    from zoosmith.project import find_project
    from zoosmith.publish.remeasure import measured

    progress, now = Progress(), promotion.stands(catalog, version.name, given.alias)
    try:
        return measured(Workspace(find_project()), catalog, version, now, given.suite, progress)
    finally:
        progress.close()
