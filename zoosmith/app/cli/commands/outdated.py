"""Say which artifacts here have a newer version, and which were yanked.

Exit code 0, with --check 8 where one was yanked, or is neither the newest nor what an alias such as stable stands for.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from zoosmith.app.cli.commands._registry import all_opened, json_argument, registry_argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which of them, and whether it is a check."""
    parser.add_argument("name", nargs="*", help="artifacts here; else all")
    parser.add_argument("--check", action="store_true", help="exit code 8 where something is found")
    registry_argument(parser)
    json_argument(parser, "an artifact that is not the newest version, or was yanked")


def main(given: argparse.Namespace) -> None:
    """A line for each. Raises ZooError for a name that is not here, Outdated with --check."""
    from zoosmith.common.exits import Outdated
    from zoosmith.common.plain import plain
    from zoosmith.common.text import columns, show, show_json
    from zoosmith.project import find_project
    from zoosmith.publish.known import folders, homes, known

    [home] = homes(find_project())
    here = named(given.name, folders(home))
    found = [one for one in known(here, all_opened(given)) if one.version != one.newest or one.yanked is not None]
    if given.json:
        for one in found:
            show_json({**plain(one), "behind": one.behind})
    else:
        for line in columns((one.name, one.text, aliases(one.aliases)) for one in found):
            show(line)
        if not found:
            show(f"nothing: of {len(here)} artifacts here each is the newest that its registry has, or in none")
    if given.check and (behind := [one.name for one in found if one.behind]):
        raise Outdated(f"{', '.join(behind)}: `zoosmith pull NAME` brings the newest")


def named(names: list[str], here: list[Path]) -> list[Path]:
    """The folders of these names; all where none is given. Raises ZooError with the nearest."""
    from zoosmith.common.names import nearest
    from zoosmith.contract.errors import ZooError

    known = {folder.resolve().name: folder for folder in here}
    for name in names:
        if name not in known:
            raise ZooError(f"{name!r} is not here{nearest(name, known)}")
    return [known[name] for name in names] if names else list(here)


def aliases(told: dict[str, int]) -> str:
    """Where names stand."""
    return ", ".join(f"{alias} is {number}" for alias, number in sorted(told.items()))
