"""Prompts that are compared differ in what they say, not in what they ask."""

from __future__ import annotations

import re

from benchmarks.prompts import SHOWN, STUDY, prompts, spec
from tests.support.zoo import ROOT
from zoosmith.builtin.person_names import LABELS
from zoosmith.recipes.yaml import parse
from zoosmith.tasks.label_token.encoding import inputs_of

TRAIN = [{"name1": f"a{i}", "name2": f"b{i}", "label": LABELS[i % 2 * 2]} for i in range(9)] + [
    {"name1": f"p{i}", "name2": f"q{i}", "label": "partial"} for i in range(3)
]


def test_every_prompt_asks_for_both_names_and_ends_alike() -> None:
    made = prompts(TRAIN)
    assert all(inputs_of(prompt) == spec(prompt).inputs for prompt in made.values())
    assert len({prompt.rpartition("Name 1: {first}")[2] for prompt in made.values()}) == 1


def test_the_examples_are_of_train_and_as_many_of_each_label() -> None:
    shown = re.findall(r"Name 1: (\w+) Name 2: \w+ Answer: (\w+)\n", prompts(TRAIN)["long with examples"])
    assert [label for _, label in shown] == list(LABELS) * SHOWN
    told = {row["name1"]: row["label"] for row in TRAIN}
    assert all(told[name] == label for name, label in shown)


def test_the_long_prompt_is_the_one_that_the_family_learns_with() -> None:
    recipe = parse((ROOT / "recipes" / "smollm2-names.yaml").read_text(encoding="utf-8"), "smollm2-names.yaml")
    assert recipe.task is not None
    assert recipe.task.prompt == STUDY
