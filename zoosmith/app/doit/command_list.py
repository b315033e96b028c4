"""The command `doit list`."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doit.cmd_list import List as DoitList
from doit.exceptions import InvalidCommand

from zoosmith.app.doit.command import Anywhere, flag, opt_executor, told, unless_interrupted
from zoosmith.build import listed
from zoosmith.common.text import aligned, inline, show_error, show_lines, while_read

if TYPE_CHECKING:
    from zoosmith.build.workspace import Workspace

BROKEN = 3  # as doit ends where a dodo.py is wrong


class List(Anywhere, DoitList):  # type: ignore[misc]  # doit ships no types
    """`doit list`: the families with their artifacts, and what can be done with them; `--hosts`: a cluster's hosts."""

    cmd_options = (
        *DoitList.cmd_options,
        flag("hosts", "the host classes of the cluster, for `doit bench:NAME@HOSTCLASS`"),
        opt_executor,
    )

    def execute(self, params: Any, args: list[str]) -> int:
        """The overview, or doit's own list where an option or a name asks for tasks."""
        self.outstream: Any = getattr(self, "outstream", None) or io.StringIO()  # none where a shell has closed it
        if params["hosts"]:
            return unless_interrupted(lambda: self._hosts(params))
        return while_read(lambda: self._list(params, args))

    def _hosts(self, params: Any) -> int:
        workspace = self.load(params)
        if workspace is None:
            raise InvalidCommand("this dodo.py opens no zoo, and host classes are those of a zoo's cluster")
        return told(lambda: _show_hosts(workspace, params))

    def _list(self, params: Any, args: list[str]) -> int:
        if args or any(params[name] for name in ("subtasks", "status", "private", "list_deps", "template")):
            return int(super().execute(params, args) or 0)
        home = _home(params)
        mark = listed.mark(home) if home else None
        known = listed.kept(home, mark) if home and mark else None
        if known is not None:
            self.outstream.write("\n".join(map(inline, known.split("\n"))))
            return 0
        workspace = self.load(params)
        if workspace is None:
            return int(super().execute(params, args) or 0)
        return self._overview(workspace, mark)

    def _overview(self, workspace: Workspace, mark: str | None) -> int:
        from zoosmith.build import explain, unused

        said = explain.overview(workspace)
        self.outstream.write(said)
        told = "".join(map(str, workspace.broken.values()))
        faults = unused.faults(workspace.project, workspace.zoo)
        alone = [fault for file, fault in faults.items() if f"{file}:" not in told]
        for fault in alone:
            show_error("ERROR", fault)
        if workspace.broken or alone:
            return BROKEN
        if mark:
            listed.keep(workspace.project, mark, said)
        return 0


def _show_hosts(workspace: Workspace, params: Any) -> int:
    from zoosmith.app.doit.room import place
    from zoosmith.execution.cluster.classes import table

    place(workspace, params["executor"])
    show_lines(aligned(table(workspace.executor.profiles()), cell=None))
    return 0


def _home(params: Any) -> Path | None:
    """The folder whose dodo.py doit is going to load; None where an option names another file."""
    if params["dodoFile"] != "dodo.py" or params["cwdPath"]:
        return None
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / "dodo.py").exists()), None)
