"""The command `doit list`."""

from __future__ import annotations

from typing import Any

from doit.cmd_list import List as DoitList

from zoosmith.app.doit.command import Anywhere
from zoosmith.build import explain, unused
from zoosmith.common.text import show_error, while_read

BROKEN = 3  # as doit ends where a dodo.py is wrong


class List(Anywhere, DoitList):  # type: ignore[misc]  # doit ships no types
    """`doit list`: the families with their artifacts, and what can be done with them."""

    def execute(self, params: Any, args: list[str]) -> int:
        """The overview, or doit's own list where an option or a name asks for tasks."""
        return while_read(lambda: self._list(params, args))

    def _list(self, params: Any, args: list[str]) -> int:
        if args or any(params[name] for name in ("subtasks", "status", "private", "list_deps", "template")):
            return int(super().execute(params, args) or 0)
        workspace = self.load(params)
        if workspace is None:
            return int(super().execute(params, args) or 0)
        self.outstream.write(explain.overview(workspace))
        told = "".join(map(str, workspace.broken.values()))
        faults = unused.faults(workspace.project, workspace.zoo)
        alone = [fault for file, fault in faults.items() if f"{file}:" not in told]
        for fault in alone:
            show_error("ERROR", fault)
        return BROKEN if workspace.broken or alone else 0
