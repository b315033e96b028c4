"""What building an artifact would do, step by step, as text and as facts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from zoosmith.build.built_for import called, otherwise
from zoosmith.build.explain import first_difference, nodes, stored_name
from zoosmith.build.workspace import Workspace
from zoosmith.common.names import full_name
from zoosmith.common.units import sized
from zoosmith.contract.errors import ZooError
from zoosmith.execution.action import Action
from zoosmith.execution.place import LOCAL
from zoosmith.recipes.graph import Ref
from zoosmith.store.store import ActionResult

if TYPE_CHECKING:
    from zoosmith.build.elsewhere import Had

DOWNLOAD = "download"
VERBS = {"base": "fetch", "data": "make", "artifact": "build", "baselines": "answer"}


class Step(NamedTuple):
    """do: reuse, download, fetch, make, build, answer or measure. size: bytes, 0 where unknown; exact for the first
    two.

    again: what changed since it was last there, if it was. gated: what its hub asks for first, or "".
    source: the cache that it would be downloaded from, or that its files were left in, or "".
    signer: who signed it there, or "".
    refused: why what a cache has is not taken, or "".
    """

    do: str
    what: str
    name: str
    size: int = 0
    again: str | None = None
    gated: str = ""
    source: str = ""
    signer: str = ""
    refused: str = ""

    def line(self) -> str:
        """For people."""
        again = f" again ({self.again})" if self.again is not None else ""
        about = f" (about {sized(self.size)})" if self.size else ""
        if self.do == "reuse":
            about = f" ({self.size / 1e6:.1f} MB)"
        if self.source and self.do == "reuse":
            about = f" ({sized(self.size)}, left in {self.source})"
        elif self.source:
            signed = f", signed by {self.signer}" if self.signer else ""
            about = f" ({sized(self.size)} from {self.source}{signed})"
        refused = f"; {self.refused}" if self.refused else ""
        if self.what == "measurement":
            return f"  {self.do:<8} measurement of {self.name} on this host{about if self.source else ''}{refused}"
        return f"  {self.do:<8} {self.what} {self.name}{again}{about}{self.gated}{refused}"


class Plan(NamedTuple):
    """needs: lines on what it takes of this machine. short: what this machine is short of. recorded: what has moved.

    profile: host class of the nodes that keys are made for; "" for this machine. otherwise: that it was last built for
    another one, or "".
    """

    name: str
    steps: list[Step]
    needs: list[str]
    short: list[str]
    recorded: list[str]
    profile: str = ""
    otherwise: str = ""


def planned(workspace: Workspace, ref: Ref) -> Plan:
    """What building `ref` would do."""
    from zoosmith.build import elsewhere, preflight
    from zoosmith.build.forecast import Forecast

    here = preflight.room(workspace.artifacts, workspace.where)
    with elsewhere.as_if_fetched(workspace, [ref]) as had:
        forecast = Forecast(workspace)
        needs = preflight.needs(forecast, [ref], copies=here.copies, left=workspace.where != LOCAL)
        found = elsewhere.with_downloads(needs, had, workspace.store)
        told, short = preflight.told(found, here), preflight.shortages(found, here)
        return Plan(
            full_name(ref.recipe, ref.name),
            list(_steps(workspace, ref, forecast, had)),
            told + elsewhere.told(had, workspace.store),
            short,
            _recorded(workspace, ref),
            workspace.profile,
            otherwise(workspace, ref) or "",
        )


def plan(workspace: Workspace, ref: Ref) -> str:
    """One line a step: built, reused or fetched, with sizes where they are known."""
    found = planned(workspace, ref)
    short = [f"  SHORT    {line}" for line in found.short]
    head = f"{found.name}, for {called(found.profile)}:" if found.profile else f"{found.name}:"
    last = [f"  {found.otherwise}"] if found.otherwise else []
    return "\n".join([head, *last, *(step.line() for step in found.steps), *found.needs, *short, *found.recorded])


def _steps(workspace: Workspace, ref: Ref, forecast: Any, had: Had) -> Iterator[Step]:
    from zoosmith.build.measuring import measure_action

    for kind, node in dict.fromkeys(nodes(workspace, ref)):
        record = workspace.resolver.finished(kind, node)
        if record:
            yield _there(workspace, record, kind, node, had)
        else:
            last = workspace.store.named(stored_name(kind, node))
            again = first_difference(workspace, kind, node) if last else None
            size = forecast.weighed(node).size if kind in ("base", "artifact") else 0
            refused = _refused(workspace, partial(workspace.resolver.action, kind, node))
            yield Step(VERBS[kind], kind, str(node), size, again, _gate(workspace, kind, node), refused=refused)
    for node in dict.fromkeys([workspace.zoo.families[ref.recipe].reference, ref]):
        record = workspace.measurement(node, "quick")
        refused = _refused(workspace, partial(measure_action, workspace.resolver, node, "quick"))
        measure = Step("measure", "measurement", str(node), refused=refused)
        yield _there(workspace, record, "measurement", node, had) if record else measure


def _there(workspace: Workspace, record: ActionResult, what: str, node: Ref, had: Had) -> Step:
    """A step that is not run: its result is here, or a cache has it."""
    if found := had.get(record.key):
        size, name = found.size(workspace.store), found.cache.config.name
        return Step(DOWNLOAD, what, str(node), size, source=name, signer=found.signer)
    size = sum(entry.size for entry in workspace.store.tree(record.tree) or ())
    left = None if workspace.store.has(record.tree) else workspace.store.left_at(record.tree)
    return Step("reuse", what, str(node), 0 if what == "measurement" else size, source=left or "")


def _refused(workspace: Workspace, action: Callable[[], Action]) -> str:
    """Why a cache's result of an action is not taken; "" where there is none, or its key is not known."""
    if workspace.caches is None or not workspace.caches.refused:
        return ""
    with suppress(ZooError):
        return workspace.caches.refused.get(action().key, "")
    return ""


def _gate(workspace: Workspace, kind: str, node: Ref) -> str:
    """What a base that its hub does not give to everybody asks for first."""
    base = workspace.zoo.base(node) if kind == "base" else None
    if base is None or not base.gated:
        return ""
    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    return f"; gated: accept its terms at {hub}/{base.repo}, then set HF_TOKEN to a token of that account"


def _recorded(workspace: Workspace, ref: Ref) -> list[str]:
    """What the record is of, where that is not what would be built."""
    recorded, built = workspace.records.build(ref), workspace.resolver.finished("artifact", ref)
    reasons = workspace.records.moved(ref, workspace.records.snapshot())
    found = [f"  the recorded results are of what has moved on: {reason}" for reason in reasons]
    if recorded and built and built.key != recorded.action_key and not found:
        found.append("  the recorded results are of other package versions, rows or a machine of another kind")
    return found
