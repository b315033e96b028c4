"""Evals of the kind `invariance`: whether the recipe's task can be asked again about changed pairs."""

from __future__ import annotations

from types import ModuleType

from zoosmith.build.prompts import inputs
from zoosmith.common.names import index_of, nearest
from zoosmith.recipes.graph import Zoo


def check(zoo: Zoo, recipe: str, id: str, parts: tuple[ModuleType, ModuleType] | None) -> None:
    """Raise RecipeError unless the recipe's task answers pairs with one class, and `same` is one of its labels.

    parts: encoding and scoring of that task; None where the recipe names none.
    """
    family = zoo.families[recipe]
    task, eval_ = family.recipe.task, family.recipe.evals[id]
    if task is None or parts is None:
        raise family.source.error(("evals", id), "invariance is checked over the recipe's task, and it names none")
    encoding, scoring = parts
    if "accuracy" not in scoring.METRICS:
        message = f"invariance is checked where answers are one class; {task.kind} is scored otherwise"
        raise family.source.error(("evals", id, "kind"), message)
    if len(asked := inputs(encoding, task)) != 2:
        message = f"invariance is checked on pairs of texts; {task.kind} takes {', '.join(asked)}"
        raise family.source.error(("evals", id, "kind"), message)
    known = task.labels or family.recipe.data[eval_.data].labels
    if eval_.same is not None and known and index_of(eval_.same, known) is None:
        message = f"found {eval_.same!r}, which is none of the labels{nearest(eval_.same, known)}"
        raise family.source.error(("evals", id, "same"), message)
