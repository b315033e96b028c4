"""Text in drawings: its width, what it may hold, where it is cut."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.plots import style


def test_width_grows_with_the_text_and_its_size() -> None:
    with style.look():
        assert style.width("", 13) == 0
        assert style.width("onnx", 13) < style.width("onnx-int8", 13) < style.width("onnx-int8", 13, bold=True)
        assert style.width("onnx", 26) == pytest.approx(2 * style.width("onnx", 13))
        assert style.width("名前", 10) == 20


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("two\nlines\t here", "two lines here"),
        ("a\x00b\x1bc", "a\ufffdb\ufffdc"),
        ("\u202egnol", "\ufffdgnol"),
        ("\ud800", "\ufffd"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("née 名 😀 $x$ <b>", "née 名 😀 $x$ <b>"),
    ],
)
def test_plain_text(text: str, told: str) -> None:
    assert style.plain(text) == told


@given(st.text())
def test_plain_text_is_one_line_that_xml_may_hold(text: str) -> None:
    told = style.plain(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Cn", "Zl", "Zp") for c in told)
    assert style.plain(told) == told


@given(st.text("abcdeéW 名", max_size=60), st.floats(20, 200))
def test_what_does_not_fit_is_cut_with_an_ellipsis(text: str, room: float) -> None:
    with style.look():
        told = style.fitted(text, room, 13)
        assert style.width(told, 13) <= max(room, style.width("名…", 13))
    plain = style.plain(text)
    assert told == plain or (told.endswith("…") and plain.startswith(told[:-1]))


def test_nothing_of_the_look_stays_behind() -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    with style.look():
        assert matplotlib.rcParams["svg.fonttype"] == "none"
    assert dict(matplotlib.rcParams) == before
