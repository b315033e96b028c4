"""The commands `doit plan` and `doit why`: what a build would do, and what for."""

from __future__ import annotations

from typing import Any

from zoosmith.app.doit.command import ZooCommand, chosen, flag
from zoosmith.build import explain
from zoosmith.build.workspace import Workspace
from zoosmith.common.text import show_lines
from zoosmith.contract.errors import ZooError


class Plan(ZooCommand):
    """`doit plan NAME`: what a build would do."""

    doc_purpose = "what building NAME would fetch, build, measure and reuse"
    doc_usage = "NAME ..."
    doc_description = None
    cmd_options = (
        flag("moved", "only what is recorded of a recipe, builder or parent that has moved on; of all without a NAME"),
        flag("check", "with --moved: exit code 1 where there is any"),
    )

    def look(self, workspace: Workspace, params: Any, names: list[str]) -> int:
        """Print one line a step, or one for each card that is not of what would be made now."""
        if params["check"] and not params["moved"]:
            raise ZooError("--check goes with --moved: `doit plan --moved --check`")
        if params["moved"]:
            lines = explain.moved_on(workspace, [name.rpartition(":")[2] for name in names])
            show_lines("\n".join(lines) or "nothing recorded has moved on")
            return 1 if lines and params["check"] else 0
        for ref in chosen(workspace, names):
            show_lines(explain.plan(workspace, ref))
        return 0


class Why(ZooCommand):
    """`doit why NAME`: what changed since it was last built."""

    doc_purpose = "why NAME would be built again: what changed, old -> new"
    doc_usage = "NAME ..."
    doc_description = None

    def look(self, workspace: Workspace, params: Any, names: list[str]) -> int:
        """Print what changed for the artifact and each of its parents."""
        for ref in chosen(workspace, names):
            show_lines(explain.why(workspace, ref))
        return 0
