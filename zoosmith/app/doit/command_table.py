"""The command `doit table`."""

from __future__ import annotations

from typing import Any

from zoosmith.app.doit.command import ZooCommand, flag
from zoosmith.build.workspace import Workspace
from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError


class Table(ZooCommand):
    """`doit table RECIPE`: what is recorded of a family."""

    doc_purpose = "the recorded results of a family, and where its cards are"
    doc_usage = "RECIPE ..."
    doc_description = None
    cmd_options = (flag("scratch", "what `doit run --scratch` has recorded below scratch-zoo/"),)

    def look(self, workspace: Workspace, params: Any, names: list[str]) -> int:
        """Print one table for each recipe named."""
        from zoosmith.build.tables import show

        for name in names or list(workspace.zoo.families):
            if name not in workspace.zoo.families:
                raise ZooError(f"no recipe is called {name!r}{nearest(name, workspace.zoo.families)}")
            show(workspace, name)
        return 0
