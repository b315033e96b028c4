"""Whether a recipe's prompt asks for what rows have, before anything is built."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from zoosmith import plugins
from zoosmith.recipes.graph import Family, Ref, Zoo
from zoosmith.recipes.schema import Data, TaskRef


def check(zoo: Zoo, recipe: str, encoding: ModuleType, project: Path) -> None:
    """Each placeholder is a column of the task's data, and of the data of evals that ask with the same prompt.

    encoding: of the recipe's task. Raises RecipeError, also for a prompt of a task that asks nothing, and for an
    example that has other texts than the task takes.
    """
    family = zoo.families[recipe]
    task, source = family.recipe.task, family.source
    assert task is not None
    if task.symmetric and not getattr(encoding, "SYMMETRIC", False):
        raise source.error(("task", "symmetric"), f"is for tasks of two texts; {task.kind} is none")
    if not hasattr(encoding, "inputs_of"):
        for name in ("prompt", "chat"):
            if getattr(task, name):
                raise source.error(("task", name), f"is for tasks that ask a language model; {task.kind} does not")
        _check_example(family, encoding.INPUTS)
        return
    own = columns_of(zoo.data(Ref(recipe, task.data)), project) if task.data else None
    with source.at(("task", "prompt"), "cannot be filled" if task.prompt else "cannot ask"):
        inputs = encoding.inputs_of(task.prompt, own)
    _check_example(family, inputs)
    for id, eval_ in family.recipe.evals.items():
        if eval_.kind == task.kind and eval_.data != task.data:
            with source.at(
                ("evals", id, "data"), f"its rows cannot fill the prompt, which asks for {', '.join(inputs)}"
            ):
                encoding.inputs_of(task.prompt, columns_of(zoo.data(Ref(recipe, eval_.data)), project))


def _check_example(family: Family, names: Sequence[str]) -> None:
    given = family.recipe.example
    if given and len(given) != len(names):
        told = f"has {len(given)} text(s); the task takes {len(names)}: {', '.join(names)}"
        raise family.source.error(("example",), told)


def inputs(encoding: ModuleType, task: TaskRef) -> tuple[str, ...]:
    """The text columns that a task reads. Raises ZooError for a prompt that names none."""
    found = encoding.inputs_of(task.prompt) if hasattr(encoding, "inputs_of") else encoding.INPUTS
    return tuple(found)


def columns_of(data: Data, project: Path) -> list[str]:
    """The columns of a data set's rows but for the label."""
    named = data.columns
    if data.builtin and not named:
        named = plugins.load("builtin", data.builtin, project).COLUMNS
    return [name for name in named if name != "label"]
