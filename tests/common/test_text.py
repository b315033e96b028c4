"""Aligned text: columns line up, nothing is wider than it may be, nothing steers a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zoosmith.common.text import CELL, WIDTH, aligned, bullet


def test_columns_line_up() -> None:
    assert aligned([("a", "b"), ("long", "c")], "  ") == "  a     b\n  long  c"


@given(st.lists(st.tuples(st.text(max_size=200), st.text(max_size=200)), min_size=1, max_size=6))
def test_a_row_is_a_line_of_bounded_width(rows: list[tuple[str, str]]) -> None:
    lines = aligned(rows).split("\n")
    assert len(lines) == len(rows)
    for line in lines:
        assert len(line) <= 2 * CELL + 2
        assert line.isprintable()


@given(st.text(max_size=1000))
def test_a_remark_is_wrapped(text: str) -> None:
    for line in bullet(text).splitlines():
        assert len(line) <= WIDTH
        assert line.isprintable()


def test_a_command_is_not_broken_at_its_hyphens() -> None:
    told = bullet("x" * 100 + " `doit build:minilm-names-onnx-int8` measures it again")
    assert "`doit\n" in told
    assert "build:minilm-names-onnx-int8`" in told
