"""What is found in a table before anything is learnt from it."""

from __future__ import annotations

import pytest

from zoosmith.app.cli.starting.survey import LONG_WORDS, Survey, surveyed
from zoosmith.contract.errors import ZooError


def survey(*rows: tuple[object, object]) -> Survey:
    return surveyed([(f"t.csv:{i}", text, label) for i, (text, label) in enumerate(rows, 2)], "t.csv")


def test_rows_without_text_or_label_are_left_out_and_placed() -> None:
    found = survey(("a", "x"), ("", "x"), ("b", ""), (None, "y"), ("c", "y"), ("  ", "y"))
    assert [row.text for row in found.rows] == ["a", "c"]
    assert found.empty == ["t.csv:3", "t.csv:4", "t.csv:5", "t.csv:7"]
    assert "left out: 4 rows without a text or a label, t.csv:3, t.csv:4" in "\n".join(found.lines())


def test_twins_are_counted_whatever_their_case_and_spaces() -> None:
    found = survey(("A  b", "x"), ("a b", "x"), ("a b ", "y"), ("c", "y"))
    assert (found.twins, found.differing) == (1, ["a b"])
    assert "1 text has more than one label, such as 'a b'" in "\n".join(found.lines())


def test_small_classes_and_long_texts_are_told() -> None:
    found = survey(*[(f"text {i}", "x") for i in range(9)], ("rare", "y"), ("long " * (LONG_WORDS + 1), "y"))
    told = "\n".join(found.lines())
    assert "2  y  (fewer than 10" in told
    assert "9% of the texts have over 100 words and are cut" in told


def test_labels_that_are_numbers_become_text() -> None:
    assert survey(("a", 0), ("b", 1)).classes == {"0": 1, "1": 1}


@pytest.mark.parametrize("rows", [(), (("a", "x"), ("b", "x")), (("", "x"), ("", "y"))])
def test_a_table_without_two_classes_is_refused(rows: tuple[tuple[object, object], ...]) -> None:
    with pytest.raises(ZooError, match=r"t\.csv: there are no two classes to tell apart"):
        survey(*rows)


def test_marks_of_a_missing_label_are_left_out_and_told_by_name() -> None:
    """The recipe names the classes that are found here, so that no later step would doubt them."""
    found = survey(("a", "x"), ("b", "N/A"), ("c", "y"), ("d", float("nan")), ("e", "N/A"), ("f", -1), ("", "x"))
    assert found.classes == {"x": 1, "y": 1}
    told = "\n".join(found.lines())
    assert "left out: 5 rows without a text or a label" in told
    assert "  2 of them have the label 'N/A', which marks a missing one" in told
    assert "  1 of them have the label '-1', which marks a missing one" in told


@pytest.mark.parametrize("values", [(-1, 0, 1), ("-1", "0", "1"), (-1.0, 0.0, 1.0)])
def test_minus_one_among_numbers_may_be_a_class_or_a_mark(values: tuple[object, ...]) -> None:
    with pytest.raises(ZooError, match=r"the label -1 of 1 rows may be a class, or mark a missing label: name the cl"):
        survey(*((f"text {value}", value) for value in values))


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [("us", "US", "case or spacing alone"), ("a b", "a  b", "case or spacing"), ("1", "1.0", "how the number is")],
)
def test_labels_that_look_alike_are_told_with_their_rows(one: str, other: str, how: str) -> None:
    rows = [("a", one), ("b", other), ("c", other), ("d", "else")]
    with pytest.raises(ZooError, match=rf"t\.csv: labels '.*' and '.*' differ by {how}.*\([12] and [12] rows\): write"):
        survey(*rows)


@pytest.mark.parametrize(
    ("text", "label", "said"),
    [
        ("b", ["x", "y"], r"t\.csv:3: the label is a list"),
        ("b", float("inf"), r"t\.csv:3: the label is inf"),
        ("\ud83d", "x", r"t\.csv:3: half a character \(the lone surrogate U\+D83D\)"),
        ("b", "x\udc00", r"t\.csv:3: half a character"),
    ],
)
def test_what_no_class_or_no_file_can_be_called_is_told(text: str, label: object, said: str) -> None:
    with pytest.raises(ZooError, match=said):
        survey(("a", "x"), (text, label), ("c", "y"))
