"""The command `doit gc`."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Any

from zoosmith.app.doit.command import ZooCommand
from zoosmith.build.workspace import Workspace
from zoosmith.common.text import show_lines
from zoosmith.contract.errors import ZooError


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
        {
            "name": "remote",
            "long": "remote",
            "short": "",
            "type": str,
            "default": "",
            "help": "sweep that cache of zoosmith.toml instead: what is older than its keep_days and not needed",
        },
    )

    def look(self, workspace: Workspace, params: Any, names: list[str]) -> int:
        """Print what was freed; exit code 1 where that needs `--yes`."""
        workspace.require_all("gc")
        asked = sys.stdin.isatty() and not params["yes"] and not params["dry_run"]
        sweep = self._remote if params.get("remote") else self._local
        return sweep(workspace, params, asked)

    def _remote(self, workspace: Workspace, params: Any, asked: bool) -> int:
        from zoosmith.build.referenced import kept
        from zoosmith.remote import sweep

        if workspace.caches is None:
            raise ZooError("the zoo names no cache; `[[cache]]` in zoosmith.toml does")
        cache = workspace.caches.named(params["remote"])
        if not cache.config.write:
            raise ZooError(f"cache {cache.config.where} is only read; say write = true where it is to be swept")
        found = sweep.doomed(cache, kept(workspace), timedelta(days=cache.config.keep_days))
        refused = bool(found.told) and asked
        if found.told:
            show_lines(
                "\n".join([f"results older than {cache.config.keep_days:g} days that nothing needs:", *found.told])
            )
        removed = not refused and not params["dry_run"]
        if removed:
            sweep.remove(cache, found)
        show_lines(sweep.summary(found, removed))
        if refused:
            show_lines(f"`doit gc --remote {cache.config.name} --yes` removes them")
        return 1 if refused else 0

    def _local(self, workspace: Workspace, params: Any, asked: bool) -> int:
        from zoosmith.store.gc import collect

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
