"""The command `doit check`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zoosmith.app.doit.command import ZooCommand, chosen, opt_executor, opt_profile
from zoosmith.app.doit.room import locate
from zoosmith.build.workspace import Workspace
from zoosmith.common.names import full_name
from zoosmith.common.text import show, show_lines
from zoosmith.recipes.graph import Ref

Whose = Callable[[Ref], Workspace]
"""The zoo with keys of the machine that an artifact is asked about."""


class Check(ZooCommand):
    """`doit check NAME`: build once more, aside, and compare. With `--delivered`, read what lies in artifacts/NAME."""

    doc_purpose = "build NAME again aside and compare with what is in the store"
    doc_usage = "NAME ..."
    doc_description = None
    cmd_options = (
        {
            "name": "delivered",
            "long": "delivered",
            "short": "",
            "type": bool,
            "default": False,
            "help": "build nothing: hash every file of artifacts/NAME and compare with what was built",
        },
        opt_executor,
        opt_profile
        | {
            "help": "host class of the cluster's nodes whose build is meant; else as [executor] in zoosmith.toml says, "
            "else that for which NAME was last built"
        },
    )

    def look(self, workspace: Workspace, params: Any, names: list[str]) -> int:
        """Exit code 1 where a rebuild, or what was delivered, is something else."""
        from zoosmith.build.built_for import as_built
        from zoosmith.build.rebuild import check

        def whose(ref: Ref) -> Workspace:
            return workspace if params["profile"] else as_built(workspace, ref)

        if params["delivered"]:
            workspace.profile = params["profile"] or workspace.profile
            return self._delivered(whose, chosen(workspace, names))
        locate(workspace, params)
        results = [check(whose(ref), ref) for ref in chosen(workspace, names)]
        for ref, (_, text) in zip(chosen(workspace, names), results, strict=True):
            show_lines(f"{full_name(ref.recipe, ref.name)}: {text}")
        return 0 if all(same for same, _ in results) else 1

    def _delivered(self, whose: Whose, refs: list[Ref]) -> int:
        found = {full_name(ref.recipe, ref.name): whose(ref).faults_of_delivery(ref) for ref in refs}
        for name, faults in found.items():
            show(f"{name}: " + ("; ".join(faults) or "every file is as it was built"))
            if faults:
                show(f"`doit artifact:{name}` puts it right")
        return 1 if any(found.values()) else 0
