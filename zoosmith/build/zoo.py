"""The zoo on disk: the project's recipes and the shipped ones, checked against builders, tasks and runtimes."""

from __future__ import annotations

from pathlib import Path

from zoosmith.build import bytecode, checked, checks
from zoosmith.build.parsed import KeptRecipes
from zoosmith.build.recipe_files import recipe_files, shown_as, text_of
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.graph import Source, Zoo
from zoosmith.recipes.schema import Recipe
from zoosmith.recipes.yaml import parse


def load_zoo(project: Path) -> Zoo:
    """Read every recipe, and check all of them unless that was done. Raises RecipeError for the first that is wrong."""
    read, broken = _read(project)
    for error in broken.values():
        raise error
    zoo = Zoo(read)
    mark = checked.fingerprint(project, {family.source.file: family.source.text for family in zoo.families.values()})
    if not checked.is_known(project, mark):
        bytecode.forget_all(project)
        for id in zoo.families:
            checks.check_family(zoo, id, project)
        checked.remember(project, mark)
    return zoo


def load_what_holds(project: Path) -> tuple[Zoo, dict[str, ZooError]]:
    """The families that are right, and by id what is wrong with each other one. Raises ZooError for a fault of none."""
    read, broken = _read(project)
    bytecode.forget_all(project)
    while True:
        try:
            zoo = Zoo(read)
        except ZooError as error:
            faults = {id: error for id, (_, source) in read.items() if str(error).startswith(f"{source.file}:")}
            if not faults:
                raise
        else:
            faults = {id: fault for id in zoo.families if (fault := _fault(zoo, id, project))}
        if not faults:
            return zoo, broken
        broken |= faults
        read = {id: family for id, family in read.items() if id not in broken}


def _fault(zoo: Zoo, id: str, project: Path) -> ZooError | None:
    try:
        checks.check_family(zoo, id, project)
    except ZooError as error:
        return error
    return None


def _read(project: Path) -> tuple[dict[str, tuple[Recipe, Source]], dict[str, ZooError]]:
    """Parsed recipes by id, and what is wrong with each of those that cannot be parsed."""
    families: dict[str, tuple[Recipe, Source]] = {}
    broken: dict[str, ZooError] = {}
    kept = KeptRecipes(project / "artifacts" / ".store")
    for id, path in recipe_files(project, broken).items():
        shown = shown_as(path, project)
        try:
            text = text_of(path, shown)
            families[id] = (_parsed(kept, text, shown), Source(shown, text))
        except ZooError as error:
            broken[id] = error
    kept.save()
    return families, broken


def _parsed(kept: KeptRecipes, text: str, shown: str) -> Recipe:
    recipe = kept.get(text)
    if recipe is None:
        recipe = parse(text, shown)
        kept.put(text, recipe)
    return recipe
