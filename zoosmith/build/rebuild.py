"""`doit check`: build once more, aside, and compare as the builder says that it reproduces."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith import plugins
from zoosmith.build import lookup
from zoosmith.build.built_for import called
from zoosmith.build.loadback import Opening, ask
from zoosmith.build.resolve import Unresolved
from zoosmith.common.canonical import digest
from zoosmith.common.names import full_name
from zoosmith.contract.errors import ZooError
from zoosmith.execution.place import LOCAL
from zoosmith.predictor import bind, read_manifest
from zoosmith.recipes.graph import Ref
from zoosmith.store import heal
from zoosmith.store.locks import flock

if TYPE_CHECKING:
    from zoosmith.build.workspace import Workspace


def check(workspace: Workspace, ref: Ref) -> tuple[bool, str]:
    """Whether a rebuild gives the same, and how that was found. Raises Unresolved where nothing is built.

    Nothing is collected meanwhile, as the rebuilt tree has no name; two checks take turns, as their folders are shared.
    """
    with workspace.store.kept(), flock(workspace.store.folder("locks") / "check.lock"):
        try:
            return _check(workspace, ref)
        finally:
            for left in workspace.store.folder("work").glob("check-*"):
                heal.clear(left)


def _check(workspace: Workspace, ref: Ref) -> tuple[bool, str]:
    action = workspace.resolver.action("artifact", ref)
    first = workspace.resolver.done(action)
    if first is None:
        raise Unresolved(f"{ref} is not built; run `doit artifact:{full_name(ref.recipe, ref.name)}` first")
    if workspace.profile and workspace.where == LOCAL:
        raise ZooError(
            f"{full_name(ref.recipe, ref.name)} is there as it is built by {called(workspace.profile)}, and this "
            "machine is none of them; add `--executor ray:auto` to have it rebuilt by one"
        )
    aside = dataclasses.replace(
        action,
        title=f"rebuild {full_name(ref.recipe, ref.name)} aside",
        inputs=action.inputs | {"aside": digest(first.key)},
    )
    second = workspace.runner.run(aside, again=True)
    if second.tree == first.tree:
        return True, f"the rebuild gives the same bytes (tree {first.tree[:12]})"
    how = getattr(lookup.builder(workspace.zoo, ref, workspace.project), "REPRODUCES", "bytes")
    files = _different(workspace, first.tree, second.tree)
    if how == "bytes":
        return False, f"the rebuild differs in {', '.join(files)}; the builder claims equal bytes"
    same, gaps = _apart(workspace, first.tree, second.tree)
    return same, f"{', '.join(files)} differ; on the task's probes {gaps}"


def _different(workspace: Workspace, first: str, second: str) -> list[str]:
    old, new = ({e.path: e.sha256 for e in workspace.store.tree(tree) or ()} for tree in (first, second))
    return [path for path in sorted(old.keys() | new.keys()) if old.get(path) != new.get(path)]


def _apart(workspace: Workspace, first: str, second: str) -> tuple[bool, str]:
    """Whether both builds answer the task's probes alike, and how far apart their answers are."""
    folders = [_checkout(workspace, tree) for tree in (first, second)]
    spec = read_manifest(folders[0]).task
    assert spec is not None  # what was built answers a task
    task = bind(spec.kind, spec, folders[0], workspace.project)
    scoring = plugins.load_part("tasks", spec.kind, "scoring", workspace.project)
    inputs = [task.value(probe) for probe in task.probes()]
    opening = Opening(
        workspace.project, len(os.sched_getaffinity(0)), workspace.store.folder("work") / "check-responses"
    )
    one, two = (
        ask(folder, inputs, _needs(workspace, folder), opening, who).responses
        for who, folder in zip(("first", "second"), folders, strict=True)
    )
    same, text = scoring.rebuilt(one, two)
    return bool(same), str(text)


def _needs(workspace: Workspace, folder: Path) -> dict[str, str]:
    """Role -> folder of the trees that the artifact in `folder` cannot be opened without."""
    return {role: str(_checkout(workspace, tree)) for role, tree in read_manifest(folder).needs.items()}


def _checkout(workspace: Workspace, tree: str) -> Path:
    folder = workspace.store.folder("work") / f"check-{tree[:16]}"
    workspace.store.checkout(tree, folder)
    return folder
