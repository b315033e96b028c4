"""Let a name such as `stable` go back to the version that it stood for before.

Exit code 7 where somebody else moved the name meanwhile.
"""

from __future__ import annotations

import argparse

from zoosmith.app.cli.commands._registry import changed_argument, json_argument, opened, tell_index


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which artifact, which name, and where to."""
    parser.add_argument("name", help="the artifact")
    parser.add_argument("alias", help="the name that goes back, such as stable")
    parser.add_argument("--to-version", type=int, metavar="N", help="this version; else the last before, not yanked")
    parser.add_argument("--why", default="", metavar="TEXT", help="what the history says")
    changed_argument(parser)
    json_argument(parser, "the entry of the history")


def main(given: argparse.Namespace) -> None:
    """Go back, and say where. Raises ZooError or Moved."""
    from zoosmith.common.plain import plain
    from zoosmith.common.text import show, show_json
    from zoosmith.publish.author import author
    from zoosmith.publish.promotion import rollback

    catalog = opened(given, name=given.name)
    made = rollback(catalog, given.name, given.alias, author(given.why), given.to_version)
    tell_index(catalog.base)
    if given.json:
        show_json(plain(made))
        return
    now = "stands for nothing now" if made.to_version is None else f"is version {made.to_version} again"
    show(f"{given.name}:{made.alias} {now} (was {made.from_version}); history entry {made.digest[:12]}")
