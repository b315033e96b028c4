"""The command `doit table`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoosmith.app.doit.command import ZooCommand, flag
from zoosmith.common.names import nearest
from zoosmith.common.text import show_json
from zoosmith.contract.errors import ZooError

if TYPE_CHECKING:
    from zoosmith.build.workspace import Workspace


class Table(ZooCommand):
    """`doit table RECIPE`: what is recorded of a family."""

    doc_purpose = "the recorded results of a family, and where its cards are"
    doc_usage = "RECIPE ..."
    doc_description = None
    cmd_options = (
        flag("scratch", "what `doit run --scratch` has recorded below scratch-zoo/"),
        flag("json", "one JSON object a line: a recorded artifact"),
    )

    def look(self, workspace: Workspace, params: Any, names: list[str]) -> int:
        """Print one table for each recipe named, or an object for each of its artifacts."""
        from zoosmith.build.tables import as_json, show

        for name in names or list(workspace.zoo.families):
            if name not in workspace.zoo.families:
                raise ZooError(f"no recipe is called {name!r}{nearest(name, workspace.zoo.families)}")
            if params["json"]:
                for row in as_json(workspace, name):
                    show_json(row)
            else:
                show(workspace, name)
        return 0
