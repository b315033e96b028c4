"""Free what this machine no longer needs: cached files, versions and registries not used lately, leftovers of pulls.

Nothing of artifacts is touched. What `doit gc` frees is a zoo's own store.
"""

from __future__ import annotations

import argparse

from zoosmith.app.cli.commands._registry import json_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """What counts as lately."""
    parser.add_argument("--days", type=days, default=30.0, metavar="N", help="not used for N days (default: 30)")
    parser.add_argument("--dry-run", action="store_true", help="say what would be freed, and remove nothing")
    json_argument(parser, "what is removed")


def days(text: str) -> float:
    """Days from 0. Raises ValueError, which argparse tells."""
    value = float(text)
    if not 0 <= value < 1e5:
        raise ValueError(text)
    return value


def main(given: argparse.Namespace) -> None:
    """Remove, and say how much."""
    from zoosmith.app.cli.commands._removed import removed
    from zoosmith.project import find_project
    from zoosmith.publish.removal import prunable
    from zoosmith.transfer.cache import Cache

    cache = Cache()
    removed(prunable(find_project(), cache, given.days), cache, dry_run=given.dry_run, as_json=given.json)
