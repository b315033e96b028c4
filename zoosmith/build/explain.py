"""What the zoo holds, what a build would do, and why."""

from __future__ import annotations

from collections.abc import Iterator

from zoosmith.build import beside
from zoosmith.build.built_for import called, otherwise
from zoosmith.build.recipe_files import own_families
from zoosmith.build.resolve import Unresolved
from zoosmith.build.workspace import Workspace
from zoosmith.common.names import full_name
from zoosmith.common.text import inline
from zoosmith.common.wrapped import NARROW, filled, table
from zoosmith.execution.action import Action, differences
from zoosmith.recipes.graph import Ref
from zoosmith.remote.origin import origin
from zoosmith.store.store import ActionResult

COMMANDS = """\
doit build:NAME     build, check, measure, hold gates, write card and row
doit artifact:NAME  build and check only; files appear below artifacts/NAME
doit bench:NAME     as build, measured for longer; @HOSTCLASS: on a node
doit crossval:NAME  k-fold cross-validation (--folds K, --rows N)
doit publish:NAME   publish it: ZOOSMITH_PUBLISH=hf://ORG or file://DIR
doit card:NAME      render its card again
doit registry       render everything recorded
doit site           make the gallery below site/
doit plan NAME      what a build would do
doit plan --moved   cards of an older recipe or builder (--check: exit code 1)
doit why NAME       what changed since the last build
doit check NAME     rebuild aside and compare
doit reproduce NAME measure it again, and say which claims of its card hold
doit table RECIPE   what is recorded of a family
doit gc             free what nothing needs
"""

MEASUREMENT = "measurement"


def overview(workspace: Workspace) -> str:
    """The zoo's own families with their artifacts, names of the shipped ones, then the commands."""
    parts, own = [], own_families(workspace.project)
    for id, family in workspace.zoo.families.items():
        if id not in own:
            continue
        parts += filled(f"{id}: {in_a_line(family.recipe.summary)}", later="  ")
        rows = []
        for name, artifact in family.recipe.artifacts.items():
            mark = " (reference)" if name == family.recipe.reference else ""
            text = artifact.summary or f"{artifact.builder} from {artifact.from_}"
            rows.append([full_name(id, name), in_a_line(text) + mark])
        parts += [f"  {line}" for line in table(rows, NARROW - 2)]
    shipped = ", ".join(id for id in workspace.zoo.families if id not in own)
    more = filled(f"shipped too, and built by the same commands (`zoosmith ls FAMILY`): {shipped}") if shipped else []
    return "\n".join([*parts, *[""][: len(more)], *more, "", COMMANDS])


def in_a_line(text: str) -> str:
    """What a recipe says, which may be a stranger's: without what steers a terminal or would be a line of its own."""
    return inline(" ".join(text.split()))


def nodes(workspace: Workspace, ref: Ref) -> Iterator[tuple[str, Ref]]:
    """Everything that an artifact is made from, itself, and what artifacts that are baselines of its evals take."""
    yield from _made_from(workspace, ref)
    for id in workspace.zoo.families[ref.recipe].recipe.evals_of(ref.name):
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


def moved_on(workspace: Workspace, names: list[str]) -> list[str]:
    """A line for each recorded artifact that has moved on, of `names` or of all. Raises ZooError for unknown names."""
    records = workspace.records.snapshot()
    refs = [workspace.zoo.find(name) for name in names] or workspace.zoo.artifacts()
    found = {full_name(r.recipe, r.name): workspace.records.moved(r, records) for r in refs}
    return [f"{name}: {'; '.join(reasons)}" for name, reasons in found.items() if reasons]


def stored_name(kind: str, ref: Ref) -> str:
    """Name under which the store remembers a node's last action."""
    folder = {"base": "bases", "data": "data", "baselines": "baselines"}.get(kind)
    return f"{ref.recipe}/{folder}/{ref.name}" if folder else str(ref)


def changes(workspace: Workspace, kind: str, ref: Ref) -> list[str]:
    """What changed since a node was last built: [] for nothing. Raises Unresolved while a parent is missing."""
    action = workspace.resolver.action(kind, ref)
    last = workspace.store.named(stored_name(kind, ref))
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


def first_difference(workspace: Workspace, kind: str, ref: Ref) -> str:
    """The first of `changes`, or why they cannot be told."""
    try:
        found = changes(workspace, kind, ref)
    except Unresolved:
        return "a parent is built again"
    return found[0] if found else "its files are gone"


def why(workspace: Workspace, ref: Ref) -> str:
    """What changed for the artifact and for each of its parents, old -> new; then its measurement."""
    lines = []
    for what, found in changed(workspace, ref).items():
        lines += (
            [f"  {line}" for line in found] if what == MEASUREMENT else [f"  {what}:", *(f"    {f}" for f in found)]
        )
    name, last = full_name(ref.recipe, ref.name), otherwise(workspace, ref)
    whose = f" for {called(workspace.profile)}" if workspace.profile else ""
    came = [f"  {node}: {words}" for node, words in downloaded(workspace, ref).items()]
    if not lines:
        return "\n".join([f"{name} is up to date{whose}", *came])
    told = [f"  {last}"] if last else []
    return "\n".join([f"{name} would be built or measured again{whose}:", *told, *lines, *came])


def downloaded(workspace: Workspace, ref: Ref) -> dict[str, str]:
    """Where what is up to date came from, by node, where that was a cache, or one had what was not taken."""
    found = {f"{kind} {node}": workspace.resolver.finished(kind, node) for kind, node in nodes(workspace, ref)}
    found[MEASUREMENT] = workspace.measurement(ref, "quick")
    return {node: words for node, record in found.items() if record and (words := origin(record))}


def changed(workspace: Workspace, ref: Ref) -> dict[str, list[str]]:
    """What changed, by the node that it is of; for the measurement where no node is made again. {} for nothing."""
    found: dict[str, list[str]] = {}
    for kind, node in dict.fromkeys(nodes(workspace, ref)):
        if not workspace.resolver.finished(kind, node):
            try:
                found[f"{kind} {node}"] = changes(workspace, kind, node)
            except Unresolved as error:
                found[f"{kind} {node}"] = [f"waits: {error}"]
    measured = [] if found else _why_measured(workspace, ref)
    return found | ({MEASUREMENT: measured} if measured else {})


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
