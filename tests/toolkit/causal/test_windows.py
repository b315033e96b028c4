"""Windows over long texts: arithmetic that a score of every token depends on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.toolkit.causal.windows import DEFAULT_CONTEXT, Window, context_of, windows

LENGTHS, CONTEXTS = st.integers(0, 300), st.integers(1, 64)


@given(LENGTHS, CONTEXTS)
def test_each_position_is_kept_exactly_once_and_in_order(length: int, context: int) -> None:
    kept = [at for window in windows(length, context) for at in range(window.first, window.end)]
    assert kept == list(range(length))


@given(LENGTHS, CONTEXTS)
def test_no_window_holds_more_than_the_context_and_none_is_empty(length: int, context: int) -> None:
    for window in windows(length, context):
        assert 0 <= window.start <= window.first < window.end <= length
        assert window.end - window.start <= context


@given(LENGTHS, CONTEXTS)
def test_half_a_context_stands_before_each_position_but_at_the_start(length: int, context: int) -> None:
    for window in windows(length, context):
        assert window.start == 0 or window.first - window.start >= context // 2


@given(LENGTHS, CONTEXTS)
def test_windows_of_a_long_text_are_full(length: int, context: int) -> None:
    for window in windows(length, context):
        assert window.end - window.start == min(length, context)


def test_an_example() -> None:
    assert list(windows(10, 4)) == [Window(0, 0, 4), Window(2, 4, 6), Window(4, 6, 8), Window(6, 8, 10)]
    assert list(windows(7, 4))[-1] == Window(3, 6, 7), "the last one moves back"
    assert list(windows(0, 4)) == []


def test_a_context_without_tokens_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one token; found 0"):
        list(windows(3, 0))


def test_the_context_is_what_is_asked_for_or_trained_up_to_a_default() -> None:
    assert (context_of(8192, None), context_of(1024, None), context_of(None, None)) == (DEFAULT_CONTEXT, 1024, 2048)
    assert context_of(8192, 4096) == 4096
    with pytest.raises(ValueError, match="found -1"):
        context_of(8192, -1)
