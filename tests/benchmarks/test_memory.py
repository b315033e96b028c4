"""Every builder is weighed: a new one needs a line in the cases of benchmarks/memory.py."""

from __future__ import annotations

from benchmarks import _memory_language as language
from benchmarks.memory import ALL, CASES, FORETOLD, LANGUAGE, SEEING, recipe
from tests.support.zoo import ROOT
from zoosmith import plugins
from zoosmith.contract.output import output_of
from zoosmith.recipes.schema import Recipe


def test_every_builder_has_a_case() -> None:
    assert set(plugins.known("builders", ROOT)) - FORETOLD - SEEING == {case.builder for case in ALL.values()}


def test_its_recipe_is_valid() -> None:
    assert set(Recipe.model_validate(recipe("large", "long", 16, 128)).artifacts) == set(CASES)


def test_that_of_language_models_is_valid_and_formats_are_those_of_the_builders() -> None:
    texts = {name: case.artifact(1) for name, case in LANGUAGE.items()}
    found = Recipe.model_validate(language.recipe("language", texts, []))
    assert set(found.artifacts) == {"whole", *LANGUAGE}
    for case in LANGUAGE.values():
        module = plugins.load("builders", case.builder, ROOT)
        assert output_of(module, module.Params(**case.params)).format == case.format
