"""Fetch an artifact from a registry.

Every byte is compared with the registry's hashes. The folder appears whole or not at all; an interrupted pull goes
on where it stopped.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from zoosmith.app.cli.commands._registry import NAMED, json_argument, opened, registry_argument, warn
from zoosmith.common.units import sized


def arguments(parser: argparse.ArgumentParser) -> None:
    """What, from where, to where."""
    parser.add_argument("name", help=NAMED)
    registry_argument(parser)
    repair = "replace a damaged or changed copy, if it holds no files beside those of the artifact"
    parser.add_argument("--repair", action="store_true", help=repair)
    json_argument(parser, "a folder, with the bytes that were fetched and those that were on this machine")
    parser.add_argument(
        "--into", type=Path, metavar="DIR", help="make DIR/NAME; else artifacts/NAME in a zoo, or ./NAME"
    )


def main(given: argparse.Namespace) -> None:
    """Pull and say where it is."""
    from zoosmith.app.cli.commands._progress import Progress
    from zoosmith.common.plain import plain
    from zoosmith.common.text import show, show_json
    from zoosmith.project import find_project
    from zoosmith.publish.pull import Puller
    from zoosmith.store.store import Store
    from zoosmith.transfer.cache import Cache
    from zoosmith.transfer.http import RetryPolicy

    cache, project = Cache(), find_project()
    in_zoo = (project / "dodo.py").is_file()
    home = given.into or (project / "artifacts" if in_zoo else Path())
    stores = (Store(project / "artifacts" / ".store"),) if in_zoo else ()
    progress = Progress()
    try:
        catalog = opened(given, cache, given.name)
        done = Puller(catalog, home, cache, progress, RetryPolicy(), stores, repair=given.repair).pull(given.name)
    finally:
        progress.close()
    for pulled in done:
        warn(catalog, pulled.version)
        if given.json:
            shown = ("folder", "fetched", "reused", "unchanged")
            show_json({"version": str(pulled.version)} | {key: plain(getattr(pulled, key)) for key in shown})
            continue
        how = f"fetched {sized(pulled.fetched)}, {sized(pulled.reused)} were on this machine"
        show(f"{pulled.version} in {pulled.folder} ({'was there already' if pulled.unchanged else how})")
