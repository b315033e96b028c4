"""Items as a task: what is asked of any artifact that reads text, and that none is made for it alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.language import WRITING
from tests.support.zoo import ROOT
from zoosmith.contract.errors import BuildError
from zoosmith.predictor import bind
from zoosmith.tasks._choices.encoding import KINDS, ItemTask
from zoosmith.tasks._choices.items import Item

ROW = {"question": "What is wet?", "choices": {"text": ["rain", "sand"], "label": ["1", "2"]}, "answer": "1"}
each_kind = pytest.mark.parametrize("kind", KINDS)


def task() -> ItemTask:
    return ItemTask(WRITING, Path())


@each_kind
def test_it_is_asked_of_an_artifact_that_writes(kind: str) -> None:
    found = bind(kind, WRITING, Path(), ROOT)
    assert found.example(ROW).answer == 0
    assert found.spec == WRITING


@each_kind
def test_no_artifact_is_made_for_it(kind: str) -> None:
    with pytest.raises(BuildError, match=f"{kind} is a kind of eval, not of a task: .*text-generation"):
        bind(kind, WRITING.model_copy(update={"kind": kind}), Path(), ROOT)


def test_a_row_to_measure_has_its_answer() -> None:
    with pytest.raises(BuildError, match="column 'answer' is missing"):
        task().example({name: value for name, value in ROW.items() if name != "answer"})


def test_a_value_is_json_that_gives_the_item_again() -> None:
    made = task().example(ROW)
    assert task().unlabelled(task().value(made)) == made
    typed = task().unlabelled('{"question": "What is wet?", "choices": ["rain", "sand"]}')
    assert typed == Item(made.context, made.shown, made.choices, None)


@pytest.mark.parametrize("value", ["what?", "[1]", 3])
def test_what_a_user_typed_must_have_choices(value: str) -> None:
    with pytest.raises(BuildError, match="a question with its choices is an object"):
        task().unlabelled(value)


def test_its_length_counts_what_the_choices_continue_once() -> None:
    assert task().length(Item("a" * 40, "a", ("b" * 20, "c" * 20), 0)) == 21


def test_probes_are_asked_too() -> None:
    assert all(len(probe.choices) == 2 for probe in task().probes())
