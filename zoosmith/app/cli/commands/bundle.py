"""Write artifacts, and all that they need, into one file for a machine without a network.

`zoosmith pull FILE` takes it there. It is a plain tar of a registry, so `tar xf FILE` unpacks it too. The same content
gives the same bytes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith.app.cli.commands._registry import NAMED, json_argument, opened, registry_argument, was_named
from zoosmith.common.units import sized

if TYPE_CHECKING:
    from zoosmith.app.cli.commands._progress import Progress
    from zoosmith.publish.archive import Member
    from zoosmith.publish.bundle import Collected


def arguments(parser: argparse.ArgumentParser) -> None:
    """What, from where, into which file."""
    parser.add_argument("names", nargs="+", metavar="NAME", help=NAMED)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="such as zoo.zoosmith")
    wheels = "with zoosmith and what opens these artifacts, for this system and version of Python (asks pip's index)"
    parser.add_argument("--wheels", action="store_true", help=wheels)
    registry_argument(parser)
    json_argument(parser, "the file that was written")


def main(given: argparse.Namespace) -> None:
    """Write it and say what is in it."""
    from zoosmith.app.cli.commands._progress import Progress
    from zoosmith.common.text import show, show_json
    from zoosmith.publish import archive
    from zoosmith.publish.content import members
    from zoosmith.store.files import sha256_file
    from zoosmith.store.locks import flock
    from zoosmith.transfer.cache import Cache

    output: Path = given.output.absolute()
    progress, lock = Progress(), Cache().lock(output)
    waiting = f"another process writes {output}; waiting for it"
    try:
        with flock(lock, waiting=lambda: progress.say(waiting)), beside(output) as aside:
            found = collected(given, given.names, aside, progress)
            size = archive.write(output, members(found.contents, fetched(given, found, aside)), found.asked)
    finally:
        progress.close()
    digest, names = sha256_file(output), [str(each) for each in found.contents]
    if given.json:
        show_json({"file": str(output), "size": size, "sha256": digest, "asked": list(found.asked), "holds": names})
        return
    show(f"{given.output}: {', '.join(names)}; {sized(size)}, SHA-256 {digest}")


@contextmanager
def beside(output: Path) -> Iterator[Path]:
    """A folder of this user alone on the same disk, removed afterwards with what killed runs left."""
    import tempfile

    from zoosmith.publish.staging import remove

    output.parent.mkdir(parents=True, exist_ok=True)
    for left in output.parent.glob(f".{output.name}.parts-*"):
        remove(left)
    aside = Path(tempfile.mkdtemp(prefix=f".{output.name}.parts-", dir=output.parent))
    try:
        yield aside
    finally:
        remove(aside)


def collected(given: argparse.Namespace, names: list[str], aside: Path, progress: Progress) -> Collected:
    """From the registry that is named; else from the zoo, if it built these versions, else from its registry."""
    from zoosmith.build.workspace import Workspace
    from zoosmith.project import find_project
    from zoosmith.publish import bundle
    from zoosmith.store.store import Store

    project = find_project()
    in_zoo = (project / "dodo.py").is_file()
    if in_zoo and not was_named(given) and (found := bundle.from_zoo(Workspace(project), names)):
        return found
    stores = (Store(project / "artifacts" / ".store"),) if in_zoo else ()
    return bundle.from_registry(opened(given, name=names[0]), names, aside, progress, stores)


def fetched(given: argparse.Namespace, found: Collected, aside: Path) -> list[Member]:
    """Wheels, where they are asked for."""
    from zoosmith.project import find_project
    from zoosmith.publish import wheels

    return wheels.fetch(wheels.extras(found.contents, find_project()), aside) if given.wheels else []
