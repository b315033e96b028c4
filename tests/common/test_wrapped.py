"""Tables and paragraphs of 80 columns."""

from __future__ import annotations

from zoosmith.common.wrapped import filled, paragraphs, table


def test_a_narrow_table_stays_as_it_is() -> None:
    assert table([["a", "bb"], ["ccc", "d"]]) == ["a    bb", "ccc  d"]


def test_a_wide_cell_is_continued_below_itself_and_nothing_is_lost() -> None:
    lines = table([["name", "x" * 30, "word " * 30]])
    assert max(map(len, lines)) <= 80
    assert " ".join(lines).count("word") == 30


def test_a_name_is_never_broken() -> None:
    assert table([["n" * 90, "x"], ["a", "last one of all"]])[0] == "n" * 90 + "  x"


def test_an_empty_column_is_no_fault() -> None:
    assert table([["name", "", "what"]]) == ["name    what"]


def test_other_columns_give_way_before_the_last_one_is_too_narrow() -> None:
    lines = table([["a few words of a title " * 3, "m", "last " * 10]])
    assert max(map(len, lines)) <= 80
    assert " ".join(lines).count("last") == 10


def test_what_steers_a_terminal_is_replaced() -> None:
    assert table([["a\x1b[2Jb", "c"]]) == ["a\N{REPLACEMENT CHARACTER}[2Jb  c"]


def test_paragraphs_are_kept_apart() -> None:
    assert paragraphs("one\ntwo\n\nthree", "  ") == ["  one two", "", "  three"]
    assert filled("", "x ") == ["x"]
