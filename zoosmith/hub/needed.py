"""Publishing what cannot be opened alone: an adapter goes with the artifact, or the fetched base, that it needs."""

from __future__ import annotations

from zoosmith.contract import ZooError
from zoosmith.core import registry
from zoosmith.core.layout import CARD, pointer
from zoosmith.core.names import full_name
from zoosmith.core.plan import Ref
from zoosmith.core.records import File
from zoosmith.core.registry import Gates, Row
from zoosmith.engine.files import write_atomic
from zoosmith.engine.graph import Workshop
from zoosmith.engine.store import Record
from zoosmith.hub.release import Release, read_registry, ready, verify


def with_needed(shop: Workshop, ref: Ref) -> list[Release]:
    """The releases that an artifact cannot be opened without, then its own. Raises ZooError as `ready` does."""
    release = ready(shop, ref)
    found: dict[str, Release] = {}
    for tree, parent in shop.needed(ref).items() if release.row.needs else ():
        releases = with_needed(shop, parent) if shop.zoo.base(parent) is None else [of_base(shop, parent)]
        if releases[-1].tree != tree:
            name = full_name(parent.recipe, parent.name)
            raise ZooError(f"{name} was built again since it was recorded; run `doit build:{name}`")
        found |= {each.name: each for each in releases}
    return [*found.values(), release]


def of_base(shop: Workshop, ref: Ref) -> Release:
    """A base as it was fetched. Its row is added to the zoo's registry, which says where it is published."""
    name, record = full_name(ref.recipe, ref.name), shop.resolver.finished("base", ref)
    if name in shop.zoo.by_full_name:
        raise ZooError(f"the base {ref} would be published as {name}, which is an artifact; rename one of them")
    if record is None:
        raise ZooError(f"the base {ref} is not in the store as the recipe has it; build what needs it again")
    row = _row(shop, ref, record)
    verify(shop.store, name, row)
    with shop.book.locked():
        file = shop.project / "registry.json"
        before = read_registry(file)
        after = registry.merged(before, name, row)
        if after != before:
            write_atomic(file, registry.to_text(after).encode())
    version = after.artifacts[name].latest
    beside = {CARD: _card(name, row).encode()}
    return Release(name, version, row, beside, pointer(name, version, row, beside), shop.store)


def _row(shop: Workshop, ref: Ref, record: Record) -> Row:
    """What a registry says of a base: files, license and origin; nothing was measured."""
    base, recipe = shop.zoo.base(ref), shop.zoo.families[ref.recipe].recipe
    assert base is not None
    files = tuple(File(path=e.path, size=e.size, sha256=e.sha256) for e in shop.store.tree(record.tree) or ())
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
