"""The plug-ins that a recipe names: builders with an artifact's parameters and output, parts of tasks."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from pydantic import ValidationError

from zoosmith import plugins
from zoosmith.build import foreign
from zoosmith.contract.errors import ZooError
from zoosmith.contract.output import Output, output_of
from zoosmith.contract.params import Params
from zoosmith.recipes.graph import Ref, Zoo
from zoosmith.recipes.schema import INVARIANCE
from zoosmith.recipes.yaml import RecipeError, explain


def builder(zoo: Zoo, ref: Ref, project: Path) -> ModuleType:
    """The module that builds an artifact. Raises RecipeError where the recipe names none that exists."""
    name = zoo.artifact(ref).builder
    try:
        with foreign.told(plugins.find("builders", name, project)):
            module = plugins.load("builders", name, project)
        foreign.check_builder(module)
        return module
    except ZooError as error:
        source = zoo.families[ref.recipe].source
        raise source.error(("artifacts", ref.name, "builder"), f"found {name!r}: {error}") from None


def params(zoo: Zoo, ref: Ref, project: Path) -> Params:
    """The artifact's validated parameters."""
    module = builder(zoo, ref, project)
    given = zoo.artifact(ref).params
    try:
        validated: Params = module.Params(**given)
        return validated
    except ValidationError as error:
        source = zoo.families[ref.recipe].source
        where = ("artifacts", ref.name, "params")
        raise RecipeError(explain(error, source.text, source.file, where, module.Params)) from None


def output(zoo: Zoo, ref: Ref, project: Path) -> Output:
    """What an artifact will be; format and precision of a base are ("source", "source")."""
    if zoo.base(ref) is not None:
        return Output("source", "source")
    return output_of(builder(zoo, ref, project), params(zoo, ref, project))


def task_part(zoo: Zoo, recipe: str, eval_: str | None, part: str, project: Path) -> ModuleType:
    """A part of an eval's kind, or of the recipe's task. Raises RecipeError if the kind does not exist."""
    family = zoo.families[recipe]
    section = family.recipe.evals[eval_] if eval_ else family.recipe.task
    if section is None:
        raise family.source.error(("task",), "is missing; say what the artifacts answer")
    try:
        with foreign.told(plugins.part_file("tasks", section.kind, part, project)):
            return plugins.load_part("tasks", section.kind, part, project)
    except ZooError as error:
        where = ("evals", eval_, "kind") if eval_ else ("task", "kind")
        raise family.source.error(where, f"found {section.kind!r}: {error}") from None


def asking(zoo: Zoo, recipe: str, kind: str) -> list[str]:
    """The kinds of task whose code answers an eval: its own, and the recipe's task where that is asked by it."""
    task = zoo.families[recipe].recipe.task
    return [kind, task.kind] if kind == INVARIANCE and task else [kind]
