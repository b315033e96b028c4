"""Compare every file of an artifact, and of what it needs, with its manifest and with a registry if there is one."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from zoosmith.app.cli.commands._found import here
from zoosmith.app.cli.commands._registry import json_argument, opened, registry_argument, was_named

if TYPE_CHECKING:
    from zoosmith.publish.catalog import Catalog

T = TypeVar("T")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the artifact and --registry to the parser."""
    parser.add_argument(
        "name",
        help="folder of an artifact, its name in a zoo, NAME@N or NAME:ALIAS of a registry, FILE.zoosmith, oci:DIR",
    )
    registry_argument(parser)
    json_argument(parser, "a folder that is as its manifest says; what is not is an error")


def main(given: argparse.Namespace) -> None:
    """Say what each folder is. Raises ZooError at the end, with all that differs or could not be looked at."""
    from zoosmith.contract.errors import ZooError
    from zoosmith.publish.carried import names_one

    if names_one(given.name):
        verify_carried(given.name, as_json=given.json)
        return
    folder, faults = here(given).folder, dict[str, None]()
    catalog = _tried(partial(known_registry, given), faults)
    needs = _tried(partial(parents, folder), faults) or []
    wrong: dict[str, None] = {}
    for each in (folder, *needs):
        _tried(partial(verify, each, catalog, named=was_named(given), as_json=given.json), wrong)
    if told := wrong | faults:
        raise ZooError("\n".join(told))


def _tried(work: Callable[[], T], faults: dict[str, None]) -> T | None:
    """What `work` gives; None where it fails, and its message is noted once: one fault hides no other."""
    from zoosmith.contract.errors import ZooError

    try:
        return work()
    except ZooError as error:
        faults[str(error)] = None
        return None


def parents(folder: Path) -> list[Path]:
    """What the artifact in a folder needs; nothing where its manifest cannot be read, which `verify` tells."""
    from zoosmith.contract.errors import ZooError
    from zoosmith.predictor import needed, read_manifest
    from zoosmith.project import find_project

    try:
        read_manifest(folder)
    except ZooError:
        return []
    return list(needed(folder, find_project()).values())


def verify(folder: Path, catalog: Catalog | None, *, named: bool, as_json: bool = False) -> None:
    """Say what the artifact in a folder is. Raises ZooError naming each file that differs."""
    from zoosmith.common import gate
    from zoosmith.common.text import show, show_json
    from zoosmith.publish import folders
    from zoosmith.publish.damage import require_sound

    require_sound(folder)
    gate.require(folder, str(folder))
    tree, name = folders.tree_digest(folder), folder.resolve().name
    if as_json:
        known = None if catalog is None else in_registry(catalog, name, tree, named=named)
        signed = None if catalog is None else signer(catalog, name, tree, folder)
        show_json({"folder": str(folder), "tree": tree, "registry": known, "signed": signed})
        return
    show(f"{folder}: every file is as its manifest says (tree {tree[:16]}...)")
    if catalog is not None:
        show(f"{folder}: {in_registry(catalog, name, tree, named=named)}")
        if told := signer(catalog, name, tree, folder):
            show(f"{folder}: {told}")


def verify_carried(name: str, *, as_json: bool) -> None:
    """Read all of a bundle or an image. Raises ZooError where a byte is not what its index or its rows say."""
    from zoosmith.common.text import show, show_json
    from zoosmith.publish.whole import verified

    versions = [str(version) for version in verified(name)]
    if as_json:
        show_json({"file": name, "holds": versions})
        return
    show(f"{name}: every byte is as its index and its registry say; it holds {', '.join(versions)}")


def known_registry(given: argparse.Namespace) -> Catalog | None:
    """The registry that was named, or the zoo's own if it has one."""
    from zoosmith.project import find_project
    from zoosmith.publish.opening import FILE

    if was_named(given) or (find_project() / FILE).is_file():
        return opened(given, name=find_name(given)) if given.registry and len(given.registry) > 1 else opened(given)
    return None


def find_name(given: argparse.Namespace) -> str:
    """The name that a registry has of what is verified."""
    return Path(given.name.partition("@")[0].partition(":")[0]).name


def signer(catalog: Catalog, name: str, tree: str, folder: Path) -> str | None:
    """Who signed it, what was checked and what was not; None where the registry does not know it.

    Raises ZooError where a signature does not hold, or one is required and missing.
    """
    from zoosmith.publish.signed import Signatures
    from zoosmith.signing import trust
    from zoosmith.transfer.cache import Cache
    from zoosmith.transfer.retry import RetryPolicy

    same = catalog.with_tree(tree)
    if not same:
        return None
    version = next((each for each in same if each.name == name), same[0])
    return Signatures(catalog, trust.read(), RetryPolicy(), Cache()).checked(version, folder)


def in_registry(catalog: Catalog, name: str, tree: str, *, named: bool) -> str:
    """Which version this is. Raises ZooError if the registry knows the name, but no such tree, or is damaged there.

    A registry that was named and does not know the name either is an error too: it was asked to vouch for this.
    """
    from zoosmith.common.names import nearest
    from zoosmith.contract.errors import ZooError

    same = catalog.with_tree(tree)
    if same:
        version = next((v for v in same if v.name == name), same[0])
        warned = f"; {catalog.warning(version)}" if catalog.warning(version) else ""
        return f"it is {version} of {catalog.base}{warned}"
    if catalog.artifacts.get(name) is not None:
        raise ZooError(
            f"{name} is none of its versions in {catalog.base}: it was built anew, or changed with its manifest"
        )
    if damage := catalog.damage(tree):
        raise ZooError(f"whether {catalog.base} knows {name} cannot be said: {damage}")
    if named:
        raise ZooError(
            f"{catalog.base} does not know {name}{nearest(name, catalog.artifacts)}; "
            "look with `zoosmith search`, or verify without a registry to compare with the manifest alone"
        )
    return f"{catalog.base} does not know it"
