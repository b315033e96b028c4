"""What the commands about registries share."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

SHOWN = 3

if TYPE_CHECKING:
    from zoosmith.publish.catalog import Catalog
    from zoosmith.transfer.cache import Cache


def registry_argument(parser: argparse.ArgumentParser) -> None:
    """--registry."""
    places = "folder, URL (https, http, file, hf://ORG/NAME), FILE.zoosmith or oci:DIR"
    help = f"{places}; else $ZOOSMITH_REGISTRY, else that of the zoo you are in"
    parser.add_argument("--registry", metavar="URL", help=help)


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


def opened(given: argparse.Namespace, cache: Cache | None = None) -> Catalog:
    """The registry; says on standard error when it is a kept copy. Raises ZooError."""
    from zoosmith.common.text import show_error
    from zoosmith.project import find_project
    from zoosmith.publish.opening import open_catalog
    from zoosmith.transfer.cache import Cache

    catalog = open_catalog(given.registry, find_project(), cache or Cache())
    if catalog.remark:
        show_error("zoosmith", catalog.remark)
    return catalog


def tell_left_out(catalog: Catalog, names: list[str]) -> None:
    """Say on standard error which entries of a registry are damaged, or have names that nothing may have."""
    from zoosmith.common.text import show_error

    if names:
        more = ", ..." if len(names) > SHOWN else ""
        named = ", ".join(map(ascii, names[:SHOWN]))
        show_error("zoosmith", f"{len(names)} of {catalog.base} are left out, damaged or misnamed: {named}{more}")
