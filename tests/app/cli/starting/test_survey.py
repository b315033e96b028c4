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
