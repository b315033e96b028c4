"""List the builders, or tell one's parameters, formats and an example."""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """Which one, and how it is shown."""
    parser.add_argument("name", nargs="?", help="a builder; without it all are listed")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="one JSON object a builder")
    how.add_argument("--markdown", action="store_true", help="the page docs/reference/builders.md, of shipped builders")


def main(given: argparse.Namespace) -> None:
    """Print it. Raises ZooError with the nearest name for a builder that there is not."""
    from zoosmith.common.text import show_lines
    from zoosmith.project import find_project

    project = find_project()
    if given.markdown:
        from zoosmith.build.reference.words import page

        show_lines(page(project).rstrip("\n"))
    elif given.name is None:
        _list(project, as_json=given.json)
    else:
        _tell(given.name, project, as_json=given.json)


def _list(project: Path, *, as_json: bool) -> None:
    """Nothing but the files' text is read, so that it is there at once."""
    from zoosmith.build.reference.index import entries
    from zoosmith.build.reference.listing import listed
    from zoosmith.common.text import show_json, show_lines

    found = entries(project)
    if not as_json:
        show_lines("\n".join(listed(found)))
        return
    for one in found:
        show_json(one._asdict())


def _tell(name: str, project: Path, *, as_json: bool) -> None:
    from zoosmith.build.reference.builder import builder
    from zoosmith.build.reference.words import text
    from zoosmith.common.plain import plain
    from zoosmith.common.text import show_json, show_lines

    told = builder(name, project)
    show_json(plain(told)) if as_json else show_lines("\n".join(text(told)))
