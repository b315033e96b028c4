"""The action that builds an artifact."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from zoosmith.build import foreign, lookup, sliced
from zoosmith.build.codehash import closure_key
from zoosmith.build.key_parts import device_of, tools_of
from zoosmith.contract.output import Resources, data_of
from zoosmith.contract.params import Params
from zoosmith.execution.action import Action
from zoosmith.recipes.graph import Ref

if TYPE_CHECKING:
    from zoosmith.build.resolve import Resolver

PROBE_ROWS = 48


def build_action(resolver: Resolver, ref: Ref) -> Action:
    """Build an artifact. Raises Unresolved while a parent or the data is missing."""
    module, name = resolver.builder(ref), f"{ref.recipe}-{ref.name}"
    params = lookup.params(resolver.zoo, ref, resolver.project)
    sliced.check_values(resolver, ref)
    parents = {role: resolver.parent_tree(parent) for role, parent in resolver.zoo.parents(ref).items()}
    claimed, place = claimed_by(module, params, _sizes(resolver, parents)), device_of(module, resolver.facts)
    return Action(
        name=f"{ref.recipe}/{ref.name}",
        title=f"build {name}" + ("" if place == "cpu" else f" on {place}"),
        entry="zoosmith.build.build:run",
        inputs=_inputs(resolver, ref, module, params, parents, place),
        run=_run(resolver, ref, place),
        resources=claimed.at(_tokens(resolver, ref)),
        timeout_s=getattr(module, "TIMEOUT_S", 86_400.0),
        environment=tuple(getattr(module, "ENVIRONMENT", ())),
        imports=tuple(module.REQUIRES) if hasattr(module, "REQUIRES") else (),
        made_for=resolver.facts.host_class,
    )


def _inputs(
    resolver: Resolver, ref: Ref, module: ModuleType, params: Params, parents: dict[str, str], place: str
) -> dict[str, Any]:
    """All that decides what is built, which is the key."""
    spec, entries = resolver.zoo.artifact(ref), resolver.entries(ref)
    inputs = {
        "schema": 1,
        "kind": "build",
        "builder": spec.builder,
        "code": closure_key(resolver.code(*entries)),
        "params": params.model_dump(mode="json"),
        "parents": parents,
        "splits": resolver.splits(ref.recipe, data_of(module, params)),
        "task": resolver.task(ref.recipe),
        "packages": resolver.packages(module),
        "tools": tools_of(module, resolver.project),
        "seed": spec.seed,
        "python": resolver.python,
        **resolver.imports(entries),
        **resolver.machine(module),
    }
    return inputs if place == "cpu" else inputs | {"device": place.partition(":")[0]}


def _run(resolver: Resolver, ref: Ref, place: str) -> dict[str, Any]:
    """What the step is told beside that: names, places, and how it is checked."""
    output = lookup.output(resolver.zoo, ref, resolver.project)
    return {
        "code": resolver.code(*resolver.entries(ref)),
        "format": output.format,
        "precision": output.precision,
        "name": str(ref),
        "parents": {role: str(parent) for role, parent in resolver.zoo.parents(ref).items()},
        "threads": resolver.threads,
        "device": place,
        "data": resolver.task_data(ref.recipe),
        "probe_rows": PROBE_ROWS,
        "labels_ordered": _ordered(resolver, ref.recipe),
    }


def _sizes(resolver: Resolver, trees: dict[str, str]) -> dict[str, int]:
    """Bytes of each tree."""
    return {role: sum(entry.size for entry in resolver.store.tree(tree) or ()) for role, tree in trees.items()}


def claimed_by(module: ModuleType, params: Any, sizes: dict[str, int]) -> Resources:
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
