"""Fetch an artifact from a registry.

Every byte is compared with the registry's hashes. The folder appears whole or not at all; an interrupted pull goes
on where it stopped.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith.app.cli.commands._registry import NAMED, json_argument, opened, registry_argument, warn
from zoosmith.common.units import sized

if TYPE_CHECKING:
    from zoosmith.app.cli.commands._progress import Progress
    from zoosmith.publish.catalog import Catalog
    from zoosmith.publish.pull import Pulled


def arguments(parser: argparse.ArgumentParser) -> None:
    """What, from where, to where."""
    parser.add_argument("name", help=f"{NAMED}; or FILE.zoosmith, oci:DIR")
    parser.add_argument("names", nargs="*", metavar="NAME", help="more of them; of a file, else all that it is for")
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

    progress = Progress()
    try:
        done = pulled(given, progress)
    finally:
        progress.close()
    for catalog, each in done.values():
        warn(catalog, each.version)
        say(each, as_json=given.json)


def pulled(given: argparse.Namespace, progress: Progress) -> dict[str, tuple[Catalog, Pulled]]:
    """All that is asked for and what it needs, by version, each with the registry that has it. Raises ZooError."""
    from zoosmith.project import find_project
    from zoosmith.publish.pull import Puller
    from zoosmith.signing import trust
    from zoosmith.store.store import Store
    from zoosmith.transfer.cache import Cache
    from zoosmith.transfer.retry import RetryPolicy

    cache, project = Cache(), find_project()
    in_zoo = (project / "dodo.py").is_file()
    home = given.into or (project / "artifacts" if in_zoo else Path())
    stores = (Store(project / "artifacts" / ".store"),) if in_zoo else ()
    done: dict[str, tuple[Catalog, Pulled]] = {}
    for name in named(given) or asked(opened(given, cache)):
        catalog = opened(given, cache, name)
        puller = Puller(catalog, home, cache, progress, RetryPolicy(), stores, given.repair, trust.read())
        for each in puller.pull(name):
            done.setdefault(str(each.version), (catalog, each))
    return done


def say(each: Pulled, *, as_json: bool) -> None:
    """Where it is, how it came, and who signed it."""
    from zoosmith.common.plain import plain
    from zoosmith.common.text import show, show_json

    if as_json:
        shown = ("folder", "fetched", "reused", "unchanged", "signed")
        show_json({"version": str(each.version)} | {key: plain(getattr(each, key)) for key in shown})
        return
    how = f"fetched {sized(each.fetched)}, {sized(each.reused)} were on this machine"
    show(f"{each.version} in {each.folder} ({'was there already' if each.unchanged else how}); {each.signed}")


def named(given: argparse.Namespace) -> list[str]:
    """What is to be pulled; a bundle or an image that stands first is the registry. Raises ZooError for two of them."""
    from zoosmith.contract.errors import ZooError
    from zoosmith.publish.carried import names_one

    if not names_one(given.name):
        return [given.name, *given.names]
    if given.registry:
        raise ZooError(f"{given.name} holds what is pulled from it; leave --registry out")
    given.registry = [given.name]
    return list(given.names)


def asked(catalog: Catalog) -> list[str]:
    """What a bundle or an image was made for. Raises ZooError for one that does not say it."""
    from zoosmith.contract.errors import ZooError

    if catalog.packed is None or not catalog.packed.asked:
        raise ZooError(f"{catalog.base} does not say what it is for; name it: {', '.join(catalog.artifacts)}")
    return list(catalog.packed.asked)
