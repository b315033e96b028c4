"""Two versions on the same inputs: verdicts with labels and without, and conditions on what was found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from zoosmith.contract.errors import ZooError
from zoosmith.publish.canary import Canary, Row, Side, ask_both, has_labels, judge, rows, table_of
from zoosmith.publish.conditions import conditions


class Answer(NamedTuple):
    label: str


class Model:
    """Answers by a table; what it does not hold fails."""

    def __init__(self, told: dict[str, str]) -> None:
        self.told, self.order = told, list[str]()

    def predict(self, inputs: list[str]) -> list[Answer]:
        self.order += inputs
        if inputs[0] not in self.told:
            raise ZooError("no such input")
        return [Answer(self.told[inputs[0]])]


def side(right: int, n: int, title: str = "toy@2") -> Side:
    """Right on the first `right` of `n` examples, all of class "yes"."""
    return Side(title, ["yes"] * right + ["no"] * (n - right), [2.0] * n)


def found(mine: int, theirs: int, n: int, **limits: Any) -> Canary:
    return judge(side(mine, n), side(theirs, n, "toy@1"), ["Yes"] * n, **limits)


@pytest.mark.parametrize(
    ("mine", "theirs", "says", "why"),
    [
        (900, 1000, "hold", "accuracy: loss of"),
        (1000, 900, "promote", "accuracy: gain of"),
        (1000, 1000, "promote", "accuracy: no loss over 1 point shown"),
        (988, 990, "promote", "no loss over 1 point shown"),
    ],
)
def test_with_labels_the_paired_difference_says(mine: int, theirs: int, says: str, why: str) -> None:
    made = found(mine, theirs, 1000)
    assert (made.says, why in made.why) == (says, True), made.why
    assert made.figures["accuracy_change"] == pytest.approx((mine - theirs) / 1000)
    assert (made.figures["p50_ms_ratio"], made.labelled) == (1.0, True)


def test_few_examples_decide_nothing_and_the_margin_is_the_callers() -> None:
    few = found(18, 19, 20)
    assert (few.says, "not decidable with 20 examples, needs about" in few.why) == ("undecided", True)
    assert found(975, 990, 1000).says == "hold"
    assert found(975, 980, 1000).says == "undecided"
    assert found(975, 980, 1000, margin=0.02).says == "promote"


@pytest.mark.parametrize(("alike", "says"), [(1000, "promote"), (900, "hold"), (980, "undecided")])
def test_without_labels_agreement_says(alike: int, says: str) -> None:
    made = judge(side(alike, 1000), side(1000, 1000), None)
    assert (made.says, made.labelled, made.change) == (says, False, {})
    assert made.figures["agreement"] == alike / 1000
    assert judge(side(alike, 1000), side(1000, 1000), None, least=0.85).says == "promote"


def test_they_take_turns_and_what_fails_counts_against_it() -> None:
    new, old = Model({"a": "yes"}), Model({"a": "yes", "b": "yes", "c": "no"})
    told: list[int] = []
    mine, theirs = ask_both(new, old, [Row(x, "yes") for x in "abc"], ("toy@2", "toy@1"), told.append)  # type: ignore[arg-type]
    assert (mine.answers, theirs.answers, mine.errors, len(told)) == (["yes", "", ""], ["yes", "yes", "no"], 2, 3)
    made = judge(mine, theirs, ["yes"] * 3)
    assert made.figures["errors"] == 2
    assert made.figures["accuracy_change"] == pytest.approx(-1 / 3)
    assert made.agreement.value == pytest.approx(1 / 3)


def test_no_rows_and_no_such_column_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="the data holds no rows"):
        judge(Side("a"), Side("b"), None)
    file = tmp_path / "data.jsonl"
    file.write_text("".join(json.dumps({"text": str(i), "Label": "yes"}) + "\n" for i in range(3)))
    table = table_of(file, {"text": "text"}, lambda said: None)
    assert not has_labels(table)
    assert has_labels(table, "Label")
    assert list(rows(table, ("text",), {"text": "text"}, "Label"))[1] == Row("1", "yes")
    with pytest.raises(ZooError, match=r"data.jsonl:1: there is no column 'label'; did you mean 'Label'"):
        list(rows(table, ("text",), {"text": "text"}, "label"))
    with pytest.raises(ZooError, match=r"no such file; did you mean 'data.jsonl'"):
        table_of(tmp_path / "date.jsonl", {}, lambda said: None)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("loss", [True]), ("undecided", [False]), ("accuracy_change<-0.05 or errors>0", [True, False]),
        ("agreement >= 0.95", [False]), ("p95_ms_ratio<=1", [True]), ("accuracy > 1e-3", [True]),
    ],
)  # fmt: skip
def test_conditions(text: str, holds: list[bool]) -> None:
    made = found(900, 1000, 1000)
    assert [one.holds(made) for one in conditions(text, labelled=True)] == holds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("acuracy<0.9", "there is no figure 'acuracy'; did you mean 'accuracy'"),
        ("los", "is no condition.*did you mean 'loss'"), ("accuracy<", "is no condition"),
        ("accuracy_change<0", "needs labels"),
    ],
)  # fmt: skip
def test_what_is_no_condition(text: str, said: str) -> None:
    with pytest.raises(ZooError, match=said):
        conditions(text, labelled=False)


def asked(tmp_path: Path, labels: list[Any], classes: tuple[str, ...]) -> list[str | None]:
    file = tmp_path / "data.jsonl"
    file.write_text("".join(json.dumps({"text": "x", "label": label}) + "\n" for label in labels))
    table = table_of(file, {"text": "text", "label": "label"}, lambda said: None)
    return [row.label for row in rows(table, ("text",), {"text": "text"}, "label", classes)]


def test_true_labels_are_matched_as_models_match_them(tmp_path: Path) -> None:
    assert asked(tmp_path, ["Yes", "no ", "no"], ("yes", "no")) == ["yes", "no", "no"]
    assert asked(tmp_path, ["us", "US"], ("us", "US", "other")) == ["us", "US"]
    assert asked(tmp_path, ["a free text"], ()) == ["a free text"]


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("maybe", "no version answers 'maybe'; known: no, yes"),
        ("yess", "no version answers 'yess'; did you mean 'yes'"),
        (0, "no version answers 0; known: no, yes"),
        (None, "the label is null, which marks a missing one"),
        ("", "the label is empty"),
        (-1, "the label is -1, which marks a missing one"),
        (float("nan"), "the label is NaN"),
    ],
)
def test_labels_that_both_would_miss_are_told_with_their_rows(tmp_path: Path, label: Any, said: str) -> None:
    """Both were wrong on all of them, so that no loss was shown, and the new version promoted."""
    with pytest.raises(ZooError, match=rf"data\.jsonl:2: {said}.*\(2 such rows, this is the first\)"):
        asked(tmp_path, ["yes", label, label], ("yes", "no"))


def test_the_first_rows_alone_are_looked_at_where_no_more_are_asked(tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text('{"text": "a", "label": "yes"}\n{"text": null, "label": "what"}\n')
    table = table_of(file, {"text": "text", "label": "label"}, lambda said: None)
    found = rows(table, ("text",), {"text": "text"}, "label", ("yes",), 1)
    assert list(found) == [Row("a", "yes")]
    with pytest.raises(ZooError, match=r"data\.jsonl:2: column 'text' is null or NaN"):
        list(rows(table, ("text",), {"text": "text"}, "label", ("yes",)))


def test_class_names_of_a_parquet_file_are_read_with_its_labels(tmp_path: Path) -> None:
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({"text": Value("string"), "label": ClassLabel(names=["pos", "neg"])})
    Dataset.from_dict({"text": ["a", "b"], "label": [0, 1]}, features=features).to_parquet(tmp_path / "d.parquet")
    table = table_of(tmp_path / "d.parquet", {"text": "text", "label": "label"}, lambda said: None)
    assert has_labels(table)
    found = rows(table, ("text",), {"text": "text"}, "label", ("neg", "pos"))
    assert list(found) == [Row("a", "pos"), Row("b", "neg")]


def test_classes_that_differ_by_case_alone_are_two() -> None:
    """Folded, `us` for `US` was right, and a version that cannot tell them apart as good as one that can."""
    true = ["us", "US"] * 200
    new, old = Side("toy@2", ["us"] * 400, [1.0] * 400), Side("toy@1", list(true), [1.0] * 400)
    made = judge(new, old, true, classes=("us", "US"))
    assert (made.says, made.figures["accuracy"], made.agreement.value) == ("hold", 0.5, 0.5)
    assert judge(new, old, true).says == "promote"  # as free texts, whose case says nothing
