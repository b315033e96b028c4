"""Whether an eval's rows have the columns that its kind asks about, before anything is built."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from zoosmith.build.prompts import columns_of
from zoosmith.recipes.graph import Ref, Zoo


def check(zoo: Zoo, recipe: str, id: str, encoding: ModuleType, project: Path) -> None:
    """Raise RecipeError where the kind of an eval says which columns it needs, and its data set has others.

    encoding: of the eval's kind.
    """
    if not hasattr(encoding, "check_columns"):
        return
    family = zoo.families[recipe]
    columns = columns_of(zoo.data(Ref(recipe, family.recipe.evals[id].data)), project)
    with family.source.at(("evals", id, "data"), "its rows cannot be asked about"):
        encoding.check_columns(columns)
