"""Aligned text: columns line up, nothing is wider than it may be, nothing steers a terminal."""

from __future__ import annotations

import ast
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.common.text import CELL, WIDTH, aligned, bullet, columns, show, show_error, show_json, show_part

ROOT = Path(__file__).parents[2]
FORGED = "good\nzoosmith: all is well\r\x1b[2J\x9b1m\u2028\u202e"


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


def test_no_cell_is_cut_where_none_may_be() -> None:
    assert aligned([("x" * 300, "end")], cell=None) == "x" * 300 + "  end"


@given(st.text(), st.sampled_from(["utf-8", "ascii", "latin-1"]))
def test_a_line_that_is_shown_is_one_line_whatever_the_encoding(text: str, encoding: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    show(text, to=stream)
    stream.flush()
    shown = raw.getvalue().decode(encoding)
    assert shown.endswith("\n")
    assert shown[:-1].isprintable()


def test_plain_text_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    show("gut, \u597d, \N{ROBOT FACE}")
    assert capsys.readouterr().out == "gut, \u597d, \N{ROBOT FACE}\n"


def test_no_line_of_an_error_looks_like_a_message_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    show_error("zoosmith", f"the label {FORGED} is unknown\n  indented stays")
    first, second, third = capsys.readouterr().err.splitlines()
    assert first == "zoosmith: the label good"
    assert second.startswith("  zoosmith: all is well")
    assert second.isprintable()
    assert third == "  indented stays"


@given(st.dictionaries(st.text(), st.text()))
def test_json_loses_nothing_and_steers_nothing(value: dict[str, str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", written := io.StringIO())
        show_json(value | {"end": FORGED + "\udcff"})
    assert written.getvalue()[:-1].isprintable()
    assert json.loads(written.getvalue()) == value | {"end": FORGED + "\udcff"}


def test_what_a_model_writes_keeps_its_lines_tabs_and_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    text = "def f():\n\treturn 1\u3000\u0645\u06cc\u200c\u062e\xa0!"
    show_part(text + "\x1b]0;title\x07")
    assert capsys.readouterr().out == text + "\N{REPLACEMENT CHARACTER}]0;title\N{REPLACEMENT CHARACTER}"


def test_columns_hold_one_line_a_row() -> None:
    assert [line.isprintable() for line in columns([(FORGED, "x"), ("a", FORGED)])] == [True, True]


def _prints(file: Path) -> list[str]:
    """Lines that write to the terminal themselves."""
    source = file.read_text(encoding="utf-8")
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    found = [call for call in calls if ast.unparse(call.func) in ("print", "sys.stdout.write", "sys.stderr.write")]
    return [f"{file.relative_to(ROOT)}:{call.lineno}: {ast.get_source_segment(source, call)}" for call in found]


def test_commands_print_by_these_functions_alone() -> None:
    """Whatever a command prints may hold a stranger's text; what is told of Ctrl-C is a constant."""
    folders = ("app", "publish", "transfer", "build", "site", "records")
    files = [file for folder in folders for file in sorted((ROOT / "zoosmith" / folder).rglob("*.py"))]
    assert len(files) > 50
    found = [line for file in files for line in _prints(file)]
    assert [line for line in found if "ninterrupted." not in line] == []
