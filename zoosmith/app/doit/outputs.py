"""What is made of the record: published artifacts, rendered cards and tables, the gallery."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from zoosmith.build.places import Places
from zoosmith.build.workspace import Workspace
from zoosmith.common.names import full_name
from zoosmith.common.text import show, show_lines
from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import PAYLOAD_MANIFEST
from zoosmith.recipes.graph import Ref

SHOWN = 3  # artifacts of one run that are told one by one


def whereabouts(workspace: Workspace, names: Sequence[str]) -> list[str]:
    """Lines for artifacts that were just built and recorded: their files, their cards, and how to ask one."""
    places, refs = Places(workspace.record_root), [workspace.zoo.by_full_name[name] for name in names]
    cards = [places.card_file(ref) for ref in refs]
    if len(names) > SHOWN:
        folder = cards[0].parent.relative_to(workspace.project)
        return [f"{len(names)} artifacts are below artifacts/, their cards in {folder}/; `zoosmith ls` lists them"]
    told = []
    for name, ref, card in zip(names, refs, cards, strict=True):
        files = workspace.home(ref).relative_to(workspace.project)
        told.append(f"{name} is in {files}/, its card in {card.relative_to(workspace.project)}")
    manifest = json.loads((workspace.home(refs[-1]) / PAYLOAD_MANIFEST).read_text(encoding="utf-8"))
    inputs = " ".join(f'"{one.upper()}"' for one in manifest["task"]["inputs"])
    return [*told, f"ask it: zoosmith run {names[-1]} {inputs}"]


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
