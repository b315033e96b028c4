"""Two versions measured here, side by side, by the recipe of the zoo that made them: `promote --measure`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoosmith.build.reproduce import measure_again, taken
from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.publish.catalog import Catalog, Version
from zoosmith.publish.local import folder_of_version
from zoosmith.publish.pull import Progress
from zoosmith.records import gates
from zoosmith.records.figures import of_measurement
from zoosmith.records.gates import REGRESSIONS, Check
from zoosmith.records.judging import Judgement, judged
from zoosmith.store.locks import flock
from zoosmith.transfer.cache import Cache

if TYPE_CHECKING:
    from zoosmith.build.workspace import Workspace
    from zoosmith.recipes.graph import Ref


def measured(
    workspace: Workspace, catalog: Catalog, version: Version, now: Version | None, suite: str, progress: Progress
) -> Judgement:
    """Hold a version against `now`, the one that the name stands for, by a fresh measurement of both on this host.

    Gates that need no other artifact are looked at by these figures, those against the family's reference stay as
    recorded. Raises ZooError where the zoo has no such artifact.
    """
    ref = _ref(workspace, version.name)
    cache = Cache()
    with flock(workspace.store.folder(".") / "gc.lock", shared=True):  # what is taken in has no name that would keep it
        trees = [_tree(workspace, catalog, one, cache, progress) for one in (version, now) if one]
        fresh = [measure_again(workspace, ref, suite, tree, trees[-1]) for tree in trees]
    task = version.row.task
    mine, *theirs = [[of_measurement(one, task, version.name)] for one in fresh]
    absolute = {
        name: gate
        for name, gate in workspace.zoo.artifact(ref).gates.items()
        if gate.limit[0] not in (*REGRESSIONS, "min_ratio", "max_ratio") and name not in ("speed", "agreement")
    }
    checks = gates.evaluate(absolute, fresh[0])
    kept = [check for check in version.row.gates.checks if check.gate not in absolute]
    recorded: list[Check] = [*checks, *kept]
    return judged(
        str(version), mine, recorded, str(now) if now else None, theirs[0] if theirs else [],
        how=f"measured here ({fresh[0].host.id}, suite {suite})",
    )  # fmt: skip


def _ref(workspace: Workspace, name: str) -> Ref:
    known = workspace.zoo.by_full_name
    if name not in known:
        raise ZooError(
            f"--measure needs the recipe and data of {name}, and this zoo has no such artifact{nearest(name, known)}; "
            "run it in the zoo that made it, or hold what is on record without --measure"
        )
    return known[name]


def _tree(workspace: Workspace, catalog: Catalog, version: Version, cache: Cache, progress: Progress) -> str:
    """The tree of a version, in the store with what it needs."""
    folder = folder_of_version(catalog, version, workspace.project, cache, progress)
    for other in sorted(folder.parent.glob("[!.]*/manifest.json")) if version.row.needs else ():
        taken(workspace, other.parent)
    return taken(workspace, folder)
