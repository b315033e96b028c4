"""What the commands about registries share."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

SHOWN = 3
NAMED = "NAME for the newest version, NAME@N, or NAME:ALIAS such as NAME:stable; #TREE behind it pins the tree"

if TYPE_CHECKING:
    from pathlib import Path

    from zoosmith.publish.catalog import Catalog, Version
    from zoosmith.transfer.cache import Cache


def registry_argument(parser: argparse.ArgumentParser) -> None:
    """--registry."""
    help = (
        "folder, URL (https, http, file, hf://ORG/NAME), FILE.zoosmith or oci:DIR, several by priority; else "
        "$ZOOSMITH_REGISTRY, else that of the zoo you are in and those of `zoosmith config`"
    )
    parser.add_argument("--registry", metavar="URL", action="append", help=help)


def changed_argument(parser: argparse.ArgumentParser) -> None:
    """--registry of a command that changes it."""
    help = (
        "folder, file://DIR or hf://ORG/NAME that is changed; else $ZOOSMITH_REGISTRY, else that of the zoo you are in"
    )
    parser.add_argument("--registry", "--to", metavar="URL", action="append", help=help)


def json_argument(parser: argparse.ArgumentParser, what: str) -> None:
    """--json; `what` says which objects."""
    parser.add_argument("--json", action="store_true", help=f"one JSON object a line: {what}")


def was_named(given: argparse.Namespace) -> bool:
    """Whether the user says which registry is meant."""
    from zoosmith.publish.opening import VARIABLE

    return bool(given.registry or os.environ.get(VARIABLE))


def asked_arguments(parser: argparse.ArgumentParser) -> None:
    """--suite and --unsteady: another measurement than the best founded."""
    parser.add_argument("--suite", choices=("quick", "full"), help="figures of this suite; else full before quick")
    parser.add_argument(
        "--unsteady", action="store_true", help="figures of a host that was not steady; else steady ones come first"
    )


def opened(given: argparse.Namespace, cache: Cache | None = None, name: str | None = None) -> Catalog:
    """The first registry, or with `name` (NAME@N, NAME:ALIAS) the first that knows it.

    Says on standard error when it is a kept copy. Raises ZooError.
    """
    from zoosmith.project import find_project
    from zoosmith.publish import several
    from zoosmith.transfer.cache import Cache

    project, cache = find_project(), cache or Cache()
    if name is None:
        return told(next(iter(several.open_all(given.registry, project, cache))))
    return told(several.of_name(name, given.registry, project, cache))


def all_opened(given: argparse.Namespace, cache: Cache | None = None) -> list[Catalog]:
    """All registries by priority. Raises ZooError for one that cannot be read."""
    from zoosmith.project import find_project
    from zoosmith.publish import several
    from zoosmith.transfer.cache import Cache

    return [told(each) for each in several.open_all(given.registry, find_project(), cache or Cache())]


def told(catalog: Catalog) -> Catalog:
    """The registry, once it is said on standard error what is to be known of it."""
    from zoosmith.common.text import show_error

    if catalog.remark:
        show_error("zoosmith", catalog.remark)
    return catalog


def warn(catalog: Catalog, version: Version) -> None:
    """Say on standard error that a version was yanked, if it was: --quiet leaves that out no more than an error."""
    from zoosmith.common.text import show_error

    if said := catalog.warning(version):
        show_error("zoosmith", said)


def tell_index(base: str, key: Path | None = None) -> None:
    """After a change: say on standard error that a signed index was renewed by `key`, or does not know of it yet."""
    from zoosmith.common.text import show_error
    from zoosmith.publish.index_state import settled

    if said := settled(base, key):
        show_error("zoosmith", said)


def tell_left_out(catalog: Catalog, names: list[str]) -> None:
    """Say on standard error which entries of a registry are damaged, or have names that nothing may have."""
    from zoosmith.common.text import show_error

    if names:
        more = ", ..." if len(names) > SHOWN else ""
        named = ", ".join(map(ascii, names[:SHOWN]))
        show_error("zoosmith", f"{len(names)} of {catalog.base} are left out, damaged or misnamed: {named}{more}")
