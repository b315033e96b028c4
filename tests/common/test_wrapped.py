"""Tables and paragraphs of 80 columns."""

from __future__ import annotations

from zoosmith.common.wrapped import filled, paragraphs, table


def test_a_narrow_table_stays_as_it_is() -> None:
    assert table([["a", "bb"], ["ccc", "d"]]) == ["a    bb", "ccc  d"]


def test_a_wide_cell_is_continued_below_itself_and_nothing_is_lost() -> None:
    lines = table([["name", "x" * 30, "word " * 30]])
    assert max(map(len, lines)) <= 80
    assert " ".join(lines).count("word") == 30


def test_long_names_make_room() -> None:
    rows = [["n" * 60, "m" * 60, "last one of all"]]
    lines = table(rows)
    assert max(map(len, lines)) <= 80
    assert "".join("".join(lines).split()).count("n") >= 60


def test_what_steers_a_terminal_is_replaced() -> None:
    assert table([["a\x1b[2Jb", "c"]]) == ["a\N{REPLACEMENT CHARACTER}[2Jb  c"]


def test_paragraphs_are_kept_apart() -> None:
    assert paragraphs("one\ntwo\n\nthree", "  ") == ["  one two", "", "  three"]
    assert filled("", "x ") == ["x"]
