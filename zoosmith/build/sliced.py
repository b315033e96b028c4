"""Slices that recipes name: columns of rows under `evals`, and their values under `gates`.

A column is checked when recipes are read where a built-in data set says which it has, else when its rows are read. The
value in a gate is checked once the rows are there, before anything is built that has the gate.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from zoosmith.common.names import nearest
from zoosmith.recipes.graph import Ref, Zoo
from zoosmith.recipes.yaml import line_of

if TYPE_CHECKING:
    from types import ModuleType

    from zoosmith.build.resolve import Resolver
    from zoosmith.records.membership import SliceName

SCORED = (
    "accuracy",
    "macro_f1",
    "weighted_f1",
)  # what `zoosmith.records.slices` computes of answers that are one class


def columns(zoo: Zoo, ref: Ref) -> dict[str, dict[str, str]]:
    """Split -> column -> where a recipe names it, of what the evals on a data set are sliced by."""
    family, found = zoo.families[ref.recipe], dict[str, dict[str, str]]()
    for id, eval_ in family.recipe.evals.items():
        if eval_.data == ref.name and eval_.slices:
            where = f"{family.source.file}:{line_of(family.source.text, ('evals', id, 'slices'))}: evals.{id}.slices"
            known = found.setdefault(eval_.split, {})
            known.update({column: where for column in eval_.slices if column not in known})
    return found


def check_eval(zoo: Zoo, recipe: str, id: str, metrics: Collection[str], builtin: ModuleType | None) -> None:
    """Raise RecipeError where an eval cannot be sliced, or by a column that its built-in data does not have.

    metrics: those of the eval's kind.
    """
    family = zoo.families[recipe]
    eval_ = family.recipe.evals[id]
    if not eval_.slices:
        return
    where = ("evals", id, "slices")
    if not {*SCORED} & {*metrics}:
        message = f"slices are told of answers that are one class; {eval_.kind} is scored by {', '.join(metrics)}"
        raise family.source.error(where, message)
    if builtin is None:
        return
    data = family.recipe.data[eval_.data]
    known = {*(data.columns or builtin.COLUMNS), *getattr(builtin, "SLICES", ())}
    for column in eval_.slices if hasattr(builtin, "SLICES") else ():
        if column not in known:
            raise family.source.error(where, f"{eval_.data} has no column {column!r}{nearest(column, known)}")


def unknown_gate(zoo: Zoo, recipe: str, name: str, known: Collection[str]) -> str | None:
    """What is wrong with the name of a gate on one slice, None for nothing; `known` has every EVAL.METRIC."""
    from zoosmith.records.membership import parsed

    told = parsed(name)
    if told is None or told.metric not in known:
        return f"is measured by nothing{nearest(told.metric if told else name, known)}"
    id, _, metric = told.metric.partition(".")
    slices = zoo.families[recipe].recipe.evals[id].slices
    if not slices:
        return f"the eval {id!r} has no slices; name the column there: `slices: {told.column}`"
    if told.column not in slices:
        return f"{id!r} is not sliced by {told.column!r}{nearest(told.column, slices)}"
    return None if metric in SCORED else f"{metric} is not told of slices{nearest(metric, SCORED)}"


def _of_slice(name: str) -> SliceName | None:
    """The parts of a gate's name that is of one slice; None for one of all rows."""
    if "[" not in name:
        return None
    from zoosmith.records.membership import parsed

    return parsed(name)


def check_values(resolver: Resolver, ref: Ref) -> None:
    """Raise RecipeError for a gate of an artifact on a slice without rows, where the rows are there to be asked."""
    family = resolver.zoo.families[ref.recipe]
    for name in resolver.zoo.artifact(ref).gates:
        if told := _of_slice(name):
            known = _values(resolver, ref.recipe, told)
            if known is not None and told.value not in known:
                message = f"no row has {told.column} = {told.value!r}{nearest(told.value, known)}"
                raise family.source.error(("artifacts", ref.name, "gates", name), message)


def _values(resolver: Resolver, recipe: str, told: SliceName) -> dict[str, Any] | None:
    """Value -> rows of the column, None while the rows are not there."""
    eval_ = resolver.zoo.families[recipe].recipe.evals[told.metric.partition(".")[0]]
    data = resolver.finished("data", Ref(recipe, eval_.data))
    if data is None:
        return None
    found: dict[str, Any] = resolver.data_info(data.tree)["splits"][eval_.split]["slices"][told.column]
    return found
