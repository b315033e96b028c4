"""A pair whose order means nothing is read in an order of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.zoo import write_tokenizer
from zoosmith.contract.manifest import TaskSpec
from zoosmith.tasks._classification.encoding import Example
from zoosmith.tasks.invariance.changes import changed, without_accents
from zoosmith.tasks.text_pair_classification.encoding import PairTask, bind

SPEC = TaskSpec(kind="text-pair-classification", inputs=("first", "second"), labels=("no", "yes"), max_length=16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("words")
    write_tokenizer(made)
    return made


def symmetric(folder: Path) -> PairTask:
    return bind(SPEC.model_copy(update={"symmetric": True}), folder)


@settings(max_examples=50, deadline=None)
@given(a=st.text(max_size=30), b=st.text(max_size=30))
def test_swapped_texts_are_the_same_input(folder: Path, a: str, b: str) -> None:
    task = symmetric(folder)
    one, other = task.encode([Example((a, b))]), task.encode([Example((b, a))])
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert task.cut([Example((a, b))]) == task.cut([Example((b, a))])


def test_the_shorter_text_is_read_first_and_labels_may_move(folder: Path) -> None:
    task, plain = symmetric(folder), bind(SPEC, folder)
    pair = [Example(("good film", "bad"))]
    read = plain.encode([Example(("bad", "good film"))])["input_ids"]
    assert np.array_equal(task.encode(pair)["input_ids"], read)
    assert np.array_equal(task.with_labels(("yes", "no")).encode(pair)["input_ids"], read)
    assert not np.array_equal(plain.encode(pair)["input_ids"], read)


@settings(max_examples=50, deadline=None)
@given(
    a=st.text("abé ß", max_size=20),
    b=st.text("abé ß", max_size=20),
    change=st.sampled_from(["case", "accents", "spacing"]),
)
def test_what_must_not_move_an_answer_does_not_move_the_order(folder: Path, a: str, b: str, change: str) -> None:
    task = symmetric(folder)
    moved = changed(change, (a, b)) or (a, b)

    def first(pair: tuple[str, ...]) -> int:
        return pair.index(task._read(Example(pair)).texts[0])

    letters = [without_accents(text.casefold()).replace(" ", "") for text in (a, b)]
    if letters[0] != letters[1]:  # else either may be first, and nothing but writing tells them apart
        assert first(moved) == first((a, b))


def test_a_manifest_without_it_keeps_its_bytes() -> None:
    assert "symmetric" not in SPEC.model_dump_json()
    assert '"symmetric":true' in SPEC.model_copy(update={"symmetric": True}).model_dump_json()
