"""Every builder is weighed: a new one needs a line in the cases of benchmarks/memory.py."""

from __future__ import annotations

from benchmarks.memory import CASES, FORETOLD, SEEING, recipe
from tests.support.zoo import ROOT
from zoosmith import plugins
from zoosmith.recipes.schema import Recipe


def test_every_builder_of_encoders_has_a_case() -> None:
    assert set(plugins.known("builders", ROOT)) - FORETOLD - SEEING == {case.builder for case in CASES.values()}


def test_its_recipe_is_valid() -> None:
    assert set(Recipe.model_validate(recipe("large", "long", 16, 128)).artifacts) == set(CASES)
