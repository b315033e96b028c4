"""The folder that a command's name means, with what is to be known of it said."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoosmith.publish.local import Found


MARKS = "@:#"  # what stands between a name and the version that is meant


def here(given: argparse.Namespace, wanted: str | None = None) -> Found:
    """What `given.name` (or `wanted`) means: what lies here, or a registry's version, fetched if need be.

    Says on standard error that it was yanked. Raises ZooError.
    """
    from zoosmith.app.cli.commands._progress import Progress
    from zoosmith.common.text import show_error
    from zoosmith.project import find_project
    from zoosmith.publish.local import found

    progress = Progress()
    try:
        one = found(wanted or given.name, getattr(given, "registry", None), find_project(), progress)
    finally:
        progress.close()
    if one.warning:
        show_error("zoosmith", one.warning)
    return one
