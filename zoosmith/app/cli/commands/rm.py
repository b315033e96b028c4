"""Remove artifacts that lie here.

They can be had again: pulled ones by `zoosmith pull`, built ones by `doit artifact:NAME`.
"""

from __future__ import annotations

import argparse

from zoosmith.app.cli.commands._registry import json_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which, and how."""
    parser.add_argument("name", nargs="+", help="artifacts of the zoo you are in, or of this folder")
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed, and remove nothing")
    parser.add_argument("--force", action="store_true", help="also what was changed since it was built or pulled")
    json_argument(parser, "a folder that is removed")


def main(given: argparse.Namespace) -> None:
    """Remove, and say so. Raises ZooError before anything is removed."""
    from zoosmith.app.cli.commands._removed import removed
    from zoosmith.project import find_project
    from zoosmith.publish.removal import removable
    from zoosmith.transfer.cache import Cache

    found = removable(given.name, find_project(), force=given.force)
    removed(found, Cache(), dry_run=given.dry_run, as_json=given.json)
