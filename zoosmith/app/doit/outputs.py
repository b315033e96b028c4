"""What is made of the record: published artifacts, rendered cards and tables, the gallery."""

from __future__ import annotations

import os

from zoosmith.build.workspace import Workspace
from zoosmith.common.names import full_name
from zoosmith.common.text import show, show_lines
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Ref


def publish(workspace: Workspace, ref: Ref) -> None:
    """Publish a recorded artifact to where $ZOOSMITH_PUBLISH says. Raises ZooError."""
    from zoosmith.publish.push import push

    target = os.environ.get("ZOOSMITH_PUBLISH")
    if not target:
        name = full_name(ref.recipe, ref.name)
        raise ZooError(f"say where to: ZOOSMITH_PUBLISH=hf://ORG doit publish:{name} (or file://DIR)")
    show_lines(str(push(workspace, ref, target)))


def render(workspace: Workspace) -> None:
    """Render everything that is a function of the record, and say what changed."""
    from zoosmith.build.tables import update_readme

    workspace.require_all("rendering the record")
    for path in [*workspace.records.render_all(), *update_readme(workspace)]:
        show(f"{'rendered' if path.exists() else 'removed'} {path.relative_to(workspace.project)}")


def site(workspace: Workspace) -> None:
    """Make the gallery below site/ unless it is up to date, and say where it is. Raises ZooError."""
    from zoosmith.site.make import make

    workspace.require_all("the gallery")
    show(make(workspace))
