"""What the zoo holds, what a build would do, and why."""

from __future__ import annotations

import os
from collections.abc import Iterator

from zoosmith.build import beside
from zoosmith.build.resolve import Unresolved
from zoosmith.build.workspace import Workspace
from zoosmith.build.zoo import own_families
from zoosmith.common.names import full_name
from zoosmith.common.text import inline
from zoosmith.common.units import sized
from zoosmith.execution.action import Action, differences
from zoosmith.recipes.graph import Ref
from zoosmith.store.store import ActionResult

COMMANDS = """\
doit build:NAME     build, check, measure, hold gates, write card and registry row
doit artifact:NAME  build and check only; files appear below artifacts/NAME
doit bench:NAME     as build, measured for longer
doit crossval:NAME  k-fold cross-validation of what is trained: mean, spread, interval (--folds K, --rows N)
doit publish:NAME   put it on a hub or into a folder: ZOOSMITH_PUBLISH=hf://ORG or file://DIR
doit card:NAME      render the card again      doit registry  render everything recorded
doit site           make the gallery: every artifact in one page with filters and plots, below site/
doit plan NAME      what a build would do      doit why NAME  what changed since the last one
doit check NAME     rebuild aside and compare  doit gc        free what nothing needs
doit plan --moved   which cards are of an older recipe, builder or parent (--check: exit code 1 for any)
doit reproduce NAME measure it again, and say which claims of its card hold here
"""


def overview(workspace: Workspace) -> str:
    """The zoo's own families with their artifacts, names of the shipped ones, then the commands."""
    parts, own = [], own_families(workspace.project)
    for id, family in workspace.zoo.families.items():
        if id not in own:
            continue
        parts.append(f"{id}: {in_a_line(family.recipe.summary)}\n")
        width = max(len(name) for name in family.recipe.artifacts) + len(id) + 3
        for name, artifact in family.recipe.artifacts.items():
            mark = "  (reference)" if name == family.recipe.reference else ""
            text = artifact.summary or f"{artifact.builder} from {artifact.from_}"
            parts.append(f"  {full_name(id, name):<{width}}{in_a_line(text)}{mark}\n")
    shipped = ", ".join(id for id in workspace.zoo.families if id not in own)
    more = f"\nshipped too, and built by the same commands (`zoosmith ls FAMILY`): {shipped}\n" if shipped else ""
    return "".join(parts) + more + "\n" + COMMANDS


def in_a_line(text: str) -> str:
    """What a recipe says, which may be a stranger's: without what steers a terminal or would be a line of its own."""
    return inline(" ".join(text.split()))


def _nodes(workspace: Workspace, ref: Ref) -> Iterator[tuple[str, Ref]]:
    """Everything that an artifact is made from, itself, and what artifacts that are baselines of its evals take."""
    yield from _made_from(workspace, ref)
    for id in workspace.zoo.families[ref.recipe].recipe.evals:
        others = beside.refs(workspace.zoo, ref.recipe, id).values()
        for other in others:
            yield from _made_from(workspace, other)
        if others:
            yield "baselines", Ref(ref.recipe, id)


def _made_from(workspace: Workspace, ref: Ref) -> Iterator[tuple[str, Ref]]:
    """The data of an artifact's recipe, what it is made from, and itself."""
    for name in workspace.zoo.families[ref.recipe].recipe.data:
        yield "data", Ref(ref.recipe, name)
    for node in workspace.zoo.lineage(ref):
        yield ("base" if workspace.zoo.base(node) else "artifact"), node
    yield "artifact", ref


def plan(workspace: Workspace, ref: Ref) -> str:
    """One line a step: built, reused or fetched, with sizes where they are known."""
    from zoosmith.build import preflight
    from zoosmith.build.forecast import Forecast

    lines, forecast = [f"{full_name(ref.recipe, ref.name)}:"], Forecast(workspace)
    verbs = {"base": "fetch", "data": "make", "artifact": "build", "baselines": "answer"}
    for kind, node in dict.fromkeys(_nodes(workspace, ref)):
        record = workspace.resolver.finished(kind, node)
        if record:
            size = sum(entry.size for entry in workspace.store.tree(record.tree) or ())
            lines.append(f"  reuse    {kind} {node} ({size / 1e6:.1f} MB)")
        else:
            last = workspace.store.named(_name(kind, node))
            again = f" again ({_first_difference(workspace, kind, node)})" if last else ""
            size = forecast.weighed(node).size if kind in ("base", "artifact") else 0
            about = f" (about {sized(size)})" if size else ""
            lines.append(f"  {verbs[kind]:<8} {kind} {node}{again}{about}{_gate(workspace, kind, node)}")
    for node in dict.fromkeys([workspace.zoo.families[ref.recipe].reference, ref]):
        verb = "reuse" if workspace.measured(node, "quick") else "measure"
        lines.append(f"  {verb:<8} measurement of {node} on this host")
    here = preflight.room(workspace.artifacts)
    found = preflight.needs(forecast, [ref], copies=here.copies)
    short = [f"  SHORT    {line}" for line in preflight.shortages(found, here)]
    return "\n".join([*lines, *preflight.told(found, here), *short, *_recorded(workspace, ref)])


def _gate(workspace: Workspace, kind: str, node: Ref) -> str:
    """What a base that its hub does not give to everybody asks for first."""
    base = workspace.zoo.base(node) if kind == "base" else None
    if base is None or not base.gated:
        return ""
    hub = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    return f"; gated: accept its terms at {hub}/{base.repo}, then set HF_TOKEN to a token of that account"


def _recorded(workspace: Workspace, ref: Ref) -> list[str]:
    """What the record is of, where that is not what would be built."""
    from zoosmith.build.moved import moved

    recorded, built = workspace.records.build(ref), workspace.resolver.finished("artifact", ref)
    reasons = moved(workspace.zoo, workspace.project, workspace.records.snapshot(), ref)
    found = [f"  the recorded results are of what has moved on: {reason}" for reason in reasons]
    if recorded and built and built.key != recorded.action_key and not found:
        found.append("  the recorded results are of other package versions, rows or a machine of another kind")
    return found


def moved_on(workspace: Workspace, names: list[str]) -> list[str]:
    """A line for each recorded artifact that has moved on, of `names` or of all. Raises ZooError for unknown names."""
    from zoosmith.build.moved import moved

    records = workspace.records.snapshot()
    refs = [workspace.zoo.find(name) for name in names] or workspace.zoo.artifacts()
    found = {full_name(r.recipe, r.name): moved(workspace.zoo, workspace.project, records, r) for r in refs}
    return [f"{name}: {'; '.join(reasons)}" for name, reasons in found.items() if reasons]


def _name(kind: str, ref: Ref) -> str:
    """Name under which the store remembers a node's last action."""
    folder = {"base": "bases", "data": "data", "baselines": "baselines"}.get(kind)
    return f"{ref.recipe}/{folder}/{ref.name}" if folder else str(ref)


def changes(workspace: Workspace, kind: str, ref: Ref) -> list[str]:
    """What changed since a node was last built: [] for nothing. Raises Unresolved while a parent is missing."""
    action = workspace.resolver.action(kind, ref)
    last = workspace.store.named(_name(kind, ref))
    if last is None:
        return ["it was never built here"]
    found = _differences(last, action)
    if not found and workspace.resolver.done(action) is None:
        return ["its files are gone from the store"]
    return found


def _differences(last: ActionResult, action: Action) -> list[str]:
    """What changed between a recorded action and the one that would run; code by the names of its modules."""
    old, new = dict(last.inputs), dict(action.inputs)
    if old.get("code") != new.get("code") and "code" in last.provenance:
        old["code"], new["code"] = last.provenance["code"], action.run["code"]
    return differences(old, new)


def _first_difference(workspace: Workspace, kind: str, ref: Ref) -> str:
    try:
        found = changes(workspace, kind, ref)
    except Unresolved:
        return "a parent is built again"
    return found[0] if found else "its files are gone"


def why(workspace: Workspace, ref: Ref) -> str:
    """What changed for the artifact and for each of its parents, old -> new; then its measurement."""
    lines = []
    for kind, node in dict.fromkeys(_nodes(workspace, ref)):
        if workspace.resolver.finished(kind, node):
            continue
        lines.append(f"  {kind} {node}:")
        try:
            lines += [f"    {line}" for line in changes(workspace, kind, node)]
        except Unresolved as error:
            lines.append(f"    waits: {error}")
    if not lines:
        lines = [f"  {line}" for line in _why_measured(workspace, ref)]
    name = full_name(ref.recipe, ref.name)
    if not lines:
        return f"{name} is up to date"
    return "\n".join([f"{name} would be built or measured again:", *lines])


def _why_measured(workspace: Workspace, ref: Ref) -> list[str]:
    if workspace.measured(ref, "quick"):
        return (
            []
            if workspace.registered(ref, "quick")
            else ["its card and row are to be written: recipe, template or record changed"]
        )
    from zoosmith.build.measuring import measure_action

    last = workspace.store.named(f"{ref.recipe}/measured/{ref.name}-quick")
    if last is None:
        return ["it was never measured on this host"]
    try:
        action = measure_action(workspace.resolver, ref, "quick")
    except Unresolved as error:
        reference = workspace.zoo.families[ref.recipe].reference
        theirs = _why_measured(workspace, reference) if ref != reference else []
        return [f"its measurement waits: {error}", *(f"{reference}: {line}" for line in theirs)]
    return [f"measurement: {line}" for line in _differences(last, action)] or ["its measurement is gone from the store"]
