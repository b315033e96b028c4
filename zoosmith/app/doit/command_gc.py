"""The command `doit gc`."""

from __future__ import annotations

import sys
from typing import Any

from zoosmith.app.doit.command import ZooCommand
from zoosmith.build.workspace import Workspace
from zoosmith.common.text import show_lines


class Gc(ZooCommand):
    """`doit gc`: free the space of what nothing refers to."""

    doc_purpose = "remove from the store what no recipe's artifact needs any more"
    doc_usage = ""
    doc_description = None
    cmd_options = (
        {
            "name": "dry_run",
            "long": "dry-run",
            "short": "",
            "type": bool,
            "default": False,
            "help": "say what would be freed and remove nothing",
        },
        {
            "name": "yes",
            "long": "yes",
            "short": "",
            "type": bool,
            "default": False,
            "help": "remove results too without asking; a terminal is asked for it, a script is not",
        },
    )

    def look(self, workspace: Workspace, params: Any, names: list[str]) -> int:
        """Print what was freed; exit code 1 where that needs `--yes`."""
        from zoosmith.store.gc import collect

        workspace.require_all("gc")
        asked = sys.stdin.isatty() and not params["yes"] and not params["dry_run"]
        refused: list[str] = []

        def agrees(listing: str) -> bool:
            if listing:
                show_lines(f"results that no recipe's artifact needs:\n{listing}")
            if listing and asked:
                refused.append(listing)
            return not refused

        show_lines(str(collect(workspace.store, workspace.names(), remove=not params["dry_run"], agrees=agrees)))
        if refused:
            show_lines("they take what it says to make again; `doit gc --yes` removes them")
        return 1 if refused else 0
