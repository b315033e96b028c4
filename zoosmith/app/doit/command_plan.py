"""The commands `doit plan` and `doit why`: what a build would do, and what for."""

from __future__ import annotations

from typing import Any

from zoosmith.app.doit.command import ZooCommand, chosen, flag, opt_executor, opt_profile
from zoosmith.app.doit.room import locate
from zoosmith.build import explain, planned
from zoosmith.build.built_for import otherwise, with_otherwise
from zoosmith.build.workspace import Workspace
from zoosmith.common.names import full_name
from zoosmith.common.plain import plain
from zoosmith.common.text import show_json, show_lines
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Ref


class Plan(ZooCommand):
    """`doit plan NAME`: what a build would do."""

    doc_purpose = "what building NAME would fetch, build, measure and reuse"
    doc_usage = "NAME ..."
    doc_description = None
    cmd_options = (
        flag("moved", "only what is recorded of a recipe, builder or parent that has moved on; of all without a NAME"),
        flag("check", "with --moved: exit code 1 where there is any"),
        flag("json", "one JSON object a line: an artifact"),
        opt_executor,
        opt_profile,
    )

    def look(self, workspace: Workspace, params: Any, names: list[str]) -> int:
        """Print one line a step, or one for each card that is not of what would be made now."""
        if params["check"] and not params["moved"]:
            raise ZooError("--check goes with --moved: `doit plan --moved --check`")
        if params["moved"]:
            lines = explain.moved_on(workspace, [name.rpartition(":")[2] for name in names])
            if params["json"]:
                for line in lines:
                    show_json(dict(zip(("name", "moved"), line.split(": ", 1), strict=True)))
            else:
                show_lines("\n".join(lines) or "nothing recorded has moved on")
            return 1 if lines and params["check"] else 0
        locate(workspace, params)
        for ref in chosen(workspace, names):
            with with_otherwise(workspace, ref):
                if params["json"]:
                    show_json(plain(planned.planned(workspace, ref)))
                else:
                    show_lines(planned.plan(workspace, ref))
        return 0


class Why(ZooCommand):
    """`doit why NAME`: what changed since it was last built."""

    doc_purpose = "why NAME would be built again: what changed, old -> new"
    doc_usage = "NAME ..."
    doc_description = None
    cmd_options = (
        flag("json", "one JSON object a line: an artifact, and what changed for what it is made from"),
        opt_executor,
        opt_profile,
    )

    def look(self, workspace: Workspace, params: Any, names: list[str]) -> int:
        """Print what changed for the artifact and each of its parents."""
        locate(workspace, params)
        for ref in chosen(workspace, names):
            with with_otherwise(workspace, ref):
                self._show(workspace, ref, params["json"])
        return 0

    def _show(self, workspace: Workspace, ref: Ref, as_json: bool) -> None:
        if not as_json:
            show_lines(explain.why(workspace, ref))
            return
        changed, came = explain.changed(workspace, ref), explain.downloaded(workspace, ref)
        told = {"name": full_name(ref.recipe, ref.name), "changed": changed, "downloaded": came}
        show_json(told | {"profile": workspace.profile, "otherwise": otherwise(workspace, ref) or ""})
