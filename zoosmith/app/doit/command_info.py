"""The command `doit info`."""

from __future__ import annotations

from typing import Any

from doit.cmd_info import Info as DoitInfo

from zoosmith.app.doit.command import Anywhere, unless_interrupted


class Info(Anywhere, DoitInfo):  # type: ignore[misc]  # doit ships no types
    """`doit info TASK`: as doit's own, which a reader that has seen enough ended with a traceback."""

    def execute(self, params: Any, args: list[str]) -> int:
        """Show how a task stands."""
        return unless_interrupted(lambda: int(super(Info, self).execute(params, args) or 0))
