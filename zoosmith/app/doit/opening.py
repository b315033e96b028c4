"""The zoo that a command is about: opened once, when doit loads dodo.py."""

from __future__ import annotations

import sys
from pathlib import Path

from doit.exceptions import InvalidDodoFile

from zoosmith.app.doit.opened import OPENED, WORKERS, told_of
from zoosmith.app.doit.placed import bare
from zoosmith.build import beside, codehash
from zoosmith.build.workspace import Workspace
from zoosmith.common.text import show, show_error
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Ref, Zoo


def open_workspace(project: Path) -> Workspace:
    """The workspace of the zoo whose dodo.py is being loaded; its recipes are read and checked here.

    A broken recipe or builder is told and its families left out, while others go on. Raises doit's InvalidDodoFile
    with our message, which doit shows without a traceback, where none is left or a broken one was asked for.
    """
    codehash.keep_in(project / "artifacts" / ".store")
    workspace = Workspace(project, scratch=OPENED["scratch"], workers=WORKERS)
    try:
        _ = workspace.zoo
    except (ZooError, OSError) as error:
        _leave_out_broken(workspace, told_of(error))
    workspace.crossval, workspace.placed = OPENED["crossval"], OPENED["placed"]
    workspace.selected = needed_by(workspace.zoo, OPENED["names"])
    OPENED["workspace"] = workspace
    return workspace


def _leave_out_broken(workspace: Workspace, first: str) -> None:
    try:
        workspace.without_broken()
    except (ZooError, OSError) as error:
        raise InvalidDodoFile(told_of(error)) from None
    if not workspace.zoo.families:
        raise InvalidDodoFile(first)
    for name in map(bare, OPENED["args"]):
        for id, fault in workspace.broken.items():
            if name.rpartition(":")[2].startswith(f"{id}-") or name == id:
                raise InvalidDodoFile(told_of(fault))
    for fault in workspace.broken.values():
        show_error("ERROR", str(fault))
    whole = len(workspace.zoo.families) + len(workspace.broken)
    show(f"{len(workspace.broken)} of {whole} families left out", to=sys.stderr)


def needed_by(zoo: Zoo, names: list[str]) -> set[Ref] | None:
    """Artifacts that the named tasks touch, so that others need no tasks; None for all of them.

    What an artifact is made from, the reference that it is measured against, artifacts that are baselines of its evals,
    and the same of these.
    """
    refs = [zoo.by_full_name.get(name.partition(":")[2]) for name in names]
    if not refs or None in refs:
        return None
    found: set[Ref] = set()
    waiting = [ref for ref in refs if ref]
    while waiting:
        ref = waiting.pop()
        if ref not in found:
            found.add(ref)
            lineage = zoo.lineage(ref)
            parents = (parent for parent in lineage if zoo.base(parent) is None)
            others = (other for node in (ref, *lineage) for other in beside.refs(zoo, node.recipe).values())
            waiting += [*parents, zoo.families[ref.recipe].reference, *others]
    return found
