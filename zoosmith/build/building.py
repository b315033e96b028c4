"""The action that builds an artifact."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from zoosmith.build import foreign, sliced
from zoosmith.build import zoo as zoos
from zoosmith.build.codehash import closure_key
from zoosmith.build.key_parts import device_of, imports_of, tools_of
from zoosmith.contract.output import Resources, data_of
from zoosmith.execution.action import Action
from zoosmith.recipes.graph import Ref

if TYPE_CHECKING:
    from zoosmith.build.resolve import Resolver

PROBE_ROWS = 48


def build_action(resolver: Resolver, ref: Ref) -> Action:
    """Build an artifact. Raises Unresolved while a parent or the data is missing."""
    module = zoos.builder(resolver.zoo, ref, resolver.project)
    spec, params = resolver.zoo.artifact(ref), zoos.params(resolver.zoo, ref, resolver.project)
    sliced.check_values(resolver, ref)
    parents = {role: resolver.parent_tree(parent) for role, parent in resolver.zoo.parents(ref).items()}
    sizes = {role: sum(entry.size for entry in resolver.store.tree(tree) or ()) for role, tree in parents.items()}
    claimed = _claimed(module, params, sizes)
    output = zoos.output(resolver.zoo, ref, resolver.project)
    entries = resolver.entries(ref)
    named = resolver.code(*entries)
    inputs = {
        "schema": 1,
        "kind": "build",
        "builder": spec.builder,
        "code": closure_key(named),
        "params": params.model_dump(mode="json"),
        "parents": parents,
        "splits": resolver.splits(ref.recipe, data_of(module, params)),
        "task": resolver.task(ref.recipe),
        "packages": resolver.packages(module),
        "tools": tools_of(module, resolver.project),
        "seed": spec.seed,
        "python": resolver.python,
        **imports_of(entries),
        **resolver.machine(module),
    }
    place = device_of(module)
    if place != "cpu":
        inputs["device"] = place.partition(":")[0]
    return Action(
        name=f"{ref.recipe}/{ref.name}",
        title=f"build {ref.recipe}-{ref.name}" + ("" if place == "cpu" else f" on {place}"),
        entry="zoosmith.build.build:run",
        inputs=inputs,
        run={
            "code": named,
            "format": output.format,
            "precision": output.precision,
            "name": str(ref),
            "parents": {role: str(parent) for role, parent in resolver.zoo.parents(ref).items()},
            "threads": resolver.threads,
            "device": place,
            "data": resolver.task_data(ref.recipe),
            "probe_rows": PROBE_ROWS,
            "labels_ordered": _ordered(resolver, ref.recipe),
        },
        resources=claimed.at(_tokens(resolver, ref)),
        timeout_s=getattr(module, "TIMEOUT_S", 86_400.0),
        environment=tuple(getattr(module, "ENVIRONMENT", ())),
        imports=tuple(module.REQUIRES) if hasattr(module, "REQUIRES") else (),
    )


def _claimed(module: ModuleType, params: Any, sizes: dict[str, int]) -> Resources:
    """What the builder says that a build takes. Raises ZooError for what its own code raises."""
    if not hasattr(module, "resources"):
        return Resources(2, 2048)
    with foreign.told(Path(str(module.__file__))):
        return Resources(*module.resources(params, sizes))


def _tokens(resolver: Resolver, ref: Ref) -> int:
    """The longest text that the recipe's task takes."""
    task = resolver.zoo.families[ref.recipe].recipe.task
    return task.max_length if task else 0


def _ordered(resolver: Resolver, recipe: str) -> bool:
    """Whether anybody says in which order the labels of the task stand: the recipe, or what its data comes from."""
    task, tree = resolver.zoo.families[recipe].recipe.task, resolver.task_data(recipe)
    return bool(tree is None or (task and task.labels) or resolver.data_info(tree).get("labels_from") != "rows")
