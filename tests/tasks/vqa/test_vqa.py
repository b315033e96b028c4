"""Questions about pictures: rows, what users type, and answers whose score is known by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.zoo import ROOT
from zoosmith import plugins
from zoosmith.common.picture import data_url, png
from zoosmith.contract.errors import BuildError
from zoosmith.contract.manifest import TaskSpec
from zoosmith.predictor import bind
from zoosmith.tasks.vqa import answers
from zoosmith.tasks.vqa.encoding import MOST_BYTES, Example

SPEC = TaskSpec(kind="vqa", inputs=("image", "question"))
SCORING: Any = plugins.load_part("tasks", "vqa", "scoring", ROOT)
PICTURE = png([[0]], [(1, 2, 3)])
TASK: Any = bind("vqa", SPEC, Path(), ROOT)


@pytest.mark.parametrize(
    ("said", "right", "same", "mentioned"),
    [
        ("Red.", "red", True, True),
        ("the red", "red", True, True),
        ("It is red, I think", "red", False, True),
        ("reddish", "red", False, False),
        ("three", "3", True, True),
        ("Top-left", "top left", True, True),
        ("left top", "top left", False, False),
        ("", "red", False, False),
    ],
)
def test_answers_are_compared_by_the_words_that_count(said: str, right: str, same: bool, mentioned: bool) -> None:
    assert (answers.same(said, right), answers.mentions(said, right)) == (same, mentioned)


def outcomes(*said: tuple[str, str]) -> dict[str, Any]:
    each = [
        SCORING.outcome({"text": np.frombuffer(text.encode(), np.uint8)}, Example(PICTURE, "?", right))
        for text, right in said
    ]
    return {name: np.concatenate([one[name] for one in each]) for name in each[0]}


def test_shares_are_counted() -> None:
    found = SCORING.score(outcomes(("red", "red"), ("it is red", "red"), ("no", "red")), [None] * 3, TASK)["metrics"]
    assert (found["accuracy"].value, found["mentioned"].value) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert found["accuracy"].n == 3


def test_what_was_lost_and_won_is_paired() -> None:
    mine, theirs = outcomes(("a", "x"), ("b", "b"), ("c", "c")), outcomes(("x", "x"), ("no", "b"), ("c", "c"))
    found = SCORING.compare(mine, theirs, [None] * 3, TASK, TASK)
    assert (found["lost"], found["won"]) == (1, 1)
    assert found["divergence"]["same_text"].value == pytest.approx(1 / 3)
    assert found["delta"]["accuracy"][0].value == 0


def test_one_answer_to_everything_is_suspicious() -> None:
    examples = [Example(PICTURE, "?", "a"), Example(PICTURE, "?", "b")]
    assert "does the model see" in SCORING.suspicion(outcomes(("a", "a"), ("a", "b")), examples, TASK)
    assert SCORING.suspicion(outcomes(("a", "a"), ("b", "b")), examples, TASK) is None
    assert SCORING.suspicion(outcomes(("a", "a"), ("a", "a")), examples[:1] * 2, TASK) is None


def test_a_picture_comes_as_a_file_or_as_a_data_url(tmp_path: Path) -> None:
    (tmp_path / "dot.png").write_bytes(PICTURE)
    by_file, by_url = (
        TASK.unlabelled((str(tmp_path / "dot.png"), "what?")),
        TASK.unlabelled([data_url(PICTURE), "what?"]),
    )
    assert by_file == by_url == Example(PICTURE, "what?")
    assert TASK.unlabelled(TASK.value(by_file)) == by_file


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("what?", "takes a picture and a question"),
        (["a.png"], "takes a picture and a question"),
        (("missing.png", "what?"), r"missing\.png cannot be read: No such file"),
        (("data:image/png;base64,%%%", "what?"), "is no base64"),
        (("data:image/png,abc", "what?"), "expected data:image"),
        ((None, "what?"), "path or data URL"),
    ],
)
def test_other_input_is_told(value: Any, message: str) -> None:
    with pytest.raises(BuildError, match=message):
        TASK.unlabelled(value)


def test_a_picture_that_is_too_large_is_told(tmp_path: Path) -> None:
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(BuildError, match="at most 20"):
        TASK.unlabelled((tmp_path / "huge.png", "what?"))


@pytest.mark.parametrize("lacks", ["image", "question", "answer"])
def test_a_row_without_one_of_its_columns_is_refused(lacks: str) -> None:
    row = {"image": data_url(PICTURE), "question": "what?", "answer": "a dot"}
    assert TASK.example(row) == Example(PICTURE, "what?", "a dot")
    with pytest.raises(BuildError, match=f"column '{lacks}' should be text; found None"):
        TASK.example({name: value for name, value in row.items() if name != lacks})
