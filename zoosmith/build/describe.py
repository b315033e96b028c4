"""The build record of a finished artifact, gathered from store and recipe."""

from __future__ import annotations

import json
from typing import Any

from zoosmith.bench.host import this_host
from zoosmith.build.resolve import Resolver, Unresolved
from zoosmith.common.names import full_name
from zoosmith.contract.manifest import PAYLOAD_MANIFEST, Manifest
from zoosmith.recipes.graph import Ref
from zoosmith.records.schema import Base, BuildRecord, File
from zoosmith.remote.origin import HOST, IMPORTS, MACHINE, without_way
from zoosmith.store.store import ActionResult


def build_record(resolver: Resolver, ref: Ref) -> BuildRecord:
    """What `results/<recipe>/<artifact>/build.json` says. Raises Unresolved where the artifact is not built."""
    zoo, store = resolver.zoo, resolver.store
    record = resolver.finished("artifact", ref)
    if record is None:
        raise Unresolved(f"{ref} is not built; run `doit artifact:{full_name(ref.recipe, ref.name)}`")
    manifest = Manifest.model_validate(json.loads(store.read(record.tree, PAYLOAD_MANIFEST)))
    recipe = zoo.families[ref.recipe].recipe
    assert manifest.task is not None
    return BuildRecord(
        name=full_name(ref.recipe, ref.name),
        recipe=ref.recipe,
        artifact=ref.name,
        builder=record.inputs["builder"],
        params=record.inputs["params"],
        seed=record.inputs["seed"],
        format=manifest.format,
        precision=manifest.precision,
        task=manifest.task.kind,
        labels=manifest.task.labels,
        max_length=manifest.task.max_length,
        inputs=manifest.task.inputs,
        target=manifest.target,
        license=recipe.license,
        tree_digest=record.tree,
        action_key=record.key,
        files=tuple(File(path=e.path, size=e.size, sha256=e.sha256) for e in store.tree(record.tree) or ()),
        needs=manifest.needs,
        needs_size=sum(e.size for tree in manifest.needs.values() for e in store.tree(tree) or ()),
        parents={
            role: {"name": str(parent), "digest": record.inputs["parents"][role]}
            for role, parent in zoo.parents(ref).items()
        },
        ancestors=_ancestors(resolver, ref),
        bases=tuple(_bases(resolver, ref)),
        datasets=tuple(sorted({data.repo for data in recipe.data.values() if data.repo})),
        data=_data(resolver, ref.recipe),
        packages=record.inputs["packages"],
        facts=manifest.facts,
        provenance=_provenance(record),
    )


def _ancestors(resolver: Resolver, ref: Ref) -> dict[str, str]:
    """Tree of everything that the artifact was made from, by name."""
    return {
        str(node): resolver.tree("base" if resolver.zoo.base(node) else "artifact", node)
        for node in resolver.zoo.lineage(ref)
    }


def _bases(resolver: Resolver, ref: Ref) -> list[Base]:
    found = []
    for node in resolver.zoo.lineage(ref):
        base = resolver.zoo.base(node)
        if base:
            tree = resolver.tree("base", node)
            found.append(Base(name=str(node), repo=base.repo, revision=base.revision, tree_digest=tree))
    return found


def _data(resolver: Resolver, recipe: str) -> dict[str, Any]:
    tree = resolver.task_data(recipe)
    task = resolver.zoo.families[recipe].recipe.task
    if not tree or task is None or task.data is None:
        return {}
    return {**resolver.data_info(tree), "source": resolver.source(Ref(recipe, task.data))}


def _provenance(record: ActionResult) -> dict[str, Any]:
    """What the record keeps of how it was made; the host is this one, unless a cache or a cluster says which it was."""
    told = {name: value for name, value in without_way(record).items() if name != "code"}
    if HOST in told and (made_for := record.inputs.get("machine")):
        told[MACHINE] = made_for
    if imports := record.inputs.get("imports"):
        told[IMPORTS] = imports
    return {HOST: this_host().model_dump(mode="json")} | told
