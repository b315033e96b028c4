"""Turn a folder's registry of one file into one of many, for thousands of artifacts.

Whoever reads it needs nothing else for that; one more version then writes a few kB instead of the whole. The registry
of a zoo stays one file, since it is kept in git. A kill leaves the old one; the same command goes on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from zoosmith.app.cli.commands._registry import json_argument, tell_index


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which registry."""
    parser.add_argument("registry", help="folder, or file://DIR, that `zoosmith push --to file://DIR` publishes to")
    json_argument(parser, "how many artifacts and files, and their bytes")


def main(given: argparse.Namespace) -> None:
    """Write it, and say how much. Raises ZooError where it is no folder, or a zoo."""
    from zoosmith.common.text import show, show_json
    from zoosmith.common.units import sized
    from zoosmith.publish.migrating import migrate

    done = migrate(given.registry)
    tell_index(Path(done.folder).as_uri())
    if given.json:
        show_json(done._asdict())
        return
    if not done.files:
        show(f"{done.folder} is of many files already: {done.artifacts} artifacts")
        return
    what = f"{done.artifacts} artifacts in {done.files} files, {sized(done.size)}"
    show(f"{done.folder}: {what}; registry.json points to them")
