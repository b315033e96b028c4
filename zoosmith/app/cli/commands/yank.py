"""Take a version out of use: it stays to be had by its number, with a warning, and is chosen by nothing.

`zoosmith outdated` tells whoever has it.
"""

from __future__ import annotations

import argparse

from zoosmith.app.cli.commands._registry import changed_argument, json_argument, opened, tell_index


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which version, and why."""
    parser.add_argument("name", help="NAME@N")
    parser.add_argument("--why", default="", metavar="TEXT", help="what whoever pulls it, or has it, is told")
    parser.add_argument("--undo", action="store_true", help="take that back")
    changed_argument(parser)
    json_argument(parser, "the entry of the history")


def main(given: argparse.Namespace) -> None:
    """Yank, and say so. Raises ZooError for a name without a number, and without a reason."""
    from zoosmith.common.plain import plain
    from zoosmith.common.text import show, show_json
    from zoosmith.contract.errors import ZooError
    from zoosmith.publish.asked import parted
    from zoosmith.publish.author import author
    from zoosmith.publish.promotion import yank

    if not parted(given.name)[1].isdecimal():
        raise ZooError(f"yank takes a version by its number, such as {parted(given.name)[0]}@3; found {given.name!r}")
    if not (given.why or given.undo):
        raise ZooError("--why TEXT is missing: whoever pulls the version, or has it, is told why it was yanked")
    catalog = opened(given, name=given.name)
    version = catalog.newest(given.name)
    made = yank(catalog, version, author(given.why), undo=given.undo)
    tell_index(catalog.base)
    if given.json:
        show_json(plain(made))
        return
    show(f"{version} is {'in use again' if given.undo else 'yanked'}; history entry {made.digest[:12]}")
