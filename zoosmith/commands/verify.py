"""Compare every file of an artifact, and of what it needs, with its manifest and with a registry if there is one."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith.commands._registry import opened, registry_argument

if TYPE_CHECKING:
    from zoosmith.hub.catalog import Catalog


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which."""
    parser.add_argument("name", help="folder of an artifact, or its name in a zoo")
    registry_argument(parser)


def main(given: argparse.Namespace) -> None:
    """Say what it is. Raises ZooError naming each file that differs."""
    from zoosmith.predictor import folder_of, needed
    from zoosmith.project import find_project

    folder = folder_of(given.name)
    verify(folder, given)
    for needs in needed(folder, find_project()).values():
        verify(needs, given)


def verify(folder: Path, given: argparse.Namespace) -> None:
    """Say what the artifact in a folder is. Raises ZooError naming each file that differs."""
    from zoosmith.contract import ZooError
    from zoosmith.hub import folders

    if wrong := folders.faults(folder):
        raise ZooError(f"{folder} is not what its manifest says:\n  " + "\n  ".join(wrong) + "\npull or build it again")
    tree, name = folders.tree_digest(folder), folder.resolve().name
    print(f"{folder}: every file is as its manifest says (tree {tree[:16]}...)")
    if (catalog := known_registry(given)) is not None:
        print(f"{folder}: {in_registry(catalog, name, tree)}")


def known_registry(given: argparse.Namespace) -> Catalog | None:
    """The registry that was named, or the zoo's own if it has one."""
    from zoosmith.hub.catalog import FILE, VARIABLE
    from zoosmith.project import find_project

    if given.registry or os.environ.get(VARIABLE) or (find_project() / FILE).is_file():
        return opened(given)
    return None


def in_registry(catalog: Catalog, name: str, tree: str) -> str:
    """Which version this is. Raises ZooError where the registry knows the name, but no such tree."""
    from zoosmith.contract import ZooError

    same = [version for version in catalog.versions() if version.row.tree_digest == tree]
    if same:
        return f"it is {next((v for v in same if v.name == name), same[0])} of {catalog.base}"
    if name in catalog.registry.artifacts:
        raise ZooError(
            f"{name} is none of its versions in {catalog.base}: it was built anew, or changed with its manifest"
        )
    return f"{catalog.base} does not know it"
