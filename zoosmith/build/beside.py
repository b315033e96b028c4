"""Artifacts of other families as baselines of an eval: which they are, and whether they answer the same question."""

from __future__ import annotations

from pathlib import Path

from zoosmith import plugins
from zoosmith.build.prompts import inputs
from zoosmith.common.names import nearest, places_in
from zoosmith.recipes.graph import Ref, Zoo
from zoosmith.recipes.schema import WITHOUT_MODEL, Eval


def named(eval_: Eval) -> list[str]:
    """Full names of the artifacts among the baselines of an eval."""
    return [name for name in eval_.baselines if name not in WITHOUT_MODEL]


def refs(zoo: Zoo, recipe: str, id: str | None = None) -> dict[str, Ref]:
    """By full name, the artifacts among the baselines of an eval, or of all evals of a recipe."""
    evals = zoo.families[recipe].recipe.evals
    return {name: zoo.find(name) for each in ([id] if id else evals) for name in named(evals[each])}


def beside_whom(zoo: Zoo, recipe: str) -> list[str]:
    """The other recipes that an artifact of `recipe` is a baseline of."""
    return [id for id in zoo.families if any(ref.recipe == recipe for ref in refs(zoo, id).values())]


def check(zoo: Zoo, recipe: str, id: str, project: Path) -> None:
    """Raise RecipeError for a baseline that is no artifact of another family, or does not answer the eval's question.

    The recipe's own task is one that answers with one class.
    """
    family = zoo.families[recipe]
    for at, name in enumerate(family.recipe.evals[id].baselines):
        if name not in WITHOUT_MODEL and (fault := _fault(zoo, recipe, name) or _other(zoo, recipe, name, project)):
            raise family.source.error(("evals", id, "baselines", at), f"found {name!r}, {fault}")


def _fault(zoo: Zoo, recipe: str, name: str) -> str:
    """What is wrong with the artifact's place in the zoo; "" for nothing."""
    if name not in zoo.by_full_name:
        others = [full for full, ref in zoo.by_full_name.items() if ref.recipe != recipe]
        return f"which is neither a baseline nor an artifact of this zoo{nearest(name, [*WITHOUT_MODEL, *others])}"
    ref = zoo.by_full_name[name]
    if ref.recipe == recipe:
        return "which is of this family, whose artifacts are compared already; name one of another family"
    own = next((node for node in zoo.lineage(ref) if node.recipe == recipe), None)
    return f"which is made from {own} of this family: a circle; name one that does not come of it" if own else ""


def _other(zoo: Zoo, recipe: str, name: str, project: Path) -> str:
    """Why the artifact's task does not answer the eval's question; "" for no reason."""
    ref = zoo.by_full_name[name]
    mine, other = zoo.families[recipe].recipe.task, zoo.families[ref.recipe].recipe.task
    assert mine is not None  # checked before
    if other is None:
        return f"which answers nothing: the recipe {ref.recipe} names no task"
    load = plugins.load_part
    if "accuracy" not in load("tasks", other.kind, "scoring", project).METRICS:
        return f"whose task {other.kind} does not answer with one class"
    own, theirs = (inputs(load("tasks", task.kind, "encoding", project), task) for task in (mine, other))
    if len(own) != len(theirs):
        return f"which reads {', '.join(theirs)}; the task of this recipe reads {', '.join(own)}"
    from zoosmith.toolkit.baselines.others import difference

    labels, answers = (_labels(zoo, id, project) for id in (recipe, ref.recipe))
    if labels and answers and places_in(labels, answers) is None:
        return f"which answers otherwise: {difference(answers, labels)}"
    return ""


def _labels(zoo: Zoo, recipe: str, project: Path) -> tuple[str, ...]:
    """Labels of a recipe's task, where they are known before its data is read; else ()."""
    task = zoo.families[recipe].recipe.task
    if task is None or task.labels or task.data is None:
        return task.labels if task else ()
    data = zoo.data(Ref(recipe, task.data))
    return tuple(data.labels or (plugins.load("builtin", data.builtin, project).LABELS if data.builtin else ()))
