"""Publishing what cannot be opened alone: an adapter goes with the artifact, or the fetched base, that it needs."""

from __future__ import annotations

from zoosmith.build.built_for import as_built
from zoosmith.build.workspace import Workspace
from zoosmith.common.names import full_name
from zoosmith.contract.errors import ZooError
from zoosmith.publish.release import Release, read_registry, ready, verify
from zoosmith.recipes.graph import Ref
from zoosmith.records import registry
from zoosmith.records.layout import CARD, pointer
from zoosmith.records.registry import Gates, Row
from zoosmith.records.rows import merged
from zoosmith.records.schema import File
from zoosmith.store.files import write_atomic
from zoosmith.store.store import ActionResult


def with_needed(workspace: Workspace, ref: Ref) -> list[Release]:
    """The releases that an artifact cannot be opened without, then its own. Raises ZooError as `ready` does."""
    release = ready(workspace, ref)
    found: dict[str, Release] = {}
    for tree, parent in as_built(workspace, ref).needed(ref).items() if release.row.needs else ():
        releases = (
            with_needed(workspace, parent) if workspace.zoo.base(parent) is None else [of_base(workspace, parent)]
        )
        if releases[-1].tree != tree:
            name = full_name(parent.recipe, parent.name)
            raise ZooError(f"{name} was built again since it was recorded; run `doit build:{name}`")
        found |= {each.name: each for each in releases}
    return [*found.values(), release]


def of_base(workspace: Workspace, ref: Ref) -> Release:
    """A base as it was fetched. Its row is added to the zoo's registry, which says where it is published."""
    name, record = full_name(ref.recipe, ref.name), workspace.resolver.finished("base", ref)
    if name in workspace.zoo.by_full_name:
        raise ZooError(f"the base {ref} would be published as {name}, which is an artifact; rename one of them")
    if record is None:
        raise ZooError(f"the base {ref} is not in the store as the recipe has it; build what needs it again")
    row = _row(workspace, ref, record)
    verify(workspace.store, name, row)
    with workspace.records.locked():
        file = workspace.project / "registry.json"
        before = read_registry(file)
        after = merged(before, name, row)
        if after != before:
            write_atomic(file, registry.to_text(after).encode())
    version = after.artifacts[name].latest
    beside = {CARD: _card(name, row).encode()}
    return Release(name, version, row, beside, pointer(name, version, row, beside), workspace.store)


def _row(workspace: Workspace, ref: Ref, record: ActionResult) -> Row:
    """What a registry says of a base: files, license and origin; nothing was measured."""
    base, recipe = workspace.zoo.base(ref), workspace.zoo.families[ref.recipe].recipe
    assert base is not None
    files = tuple(File(path=e.path, size=e.size, sha256=e.sha256) for e in workspace.store.tree(record.tree) or ())
    size = sum(file.size for file in files)
    return Row(
        recipe=ref.recipe, artifact=ref.name, builder="fetch", format="source", precision="source", task="none",
        license=base.license or recipe.license,
        base=(f"{base.repo}@{base.revision}" if base.repo else ref.name,),
        parents={}, reference="", needs={}, tree_digest=record.tree, files=files, size_own=size, size_total=size,
        action_key=record.key, packages={}, results=(), gates=Gates(passed=True, checks=()), card="",
    )  # fmt: skip


def _card(name: str, row: Row) -> str:
    return (
        f"---\nlicense: {row.license}\n---\n\n# {name}\n\nThe files of {', '.join(row.base)}, as they were fetched: "
        f"artifacts of `{row.recipe}` cannot be opened without them. Tree `{row.tree_digest}`.\n"
    )
