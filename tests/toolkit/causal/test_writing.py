"""Text that comes token by token: characters of several tokens, spaces, stop strings over token borders."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.writing import Answer, TextStream


def of_bytes(ids: Sequence[int]) -> str:
    """A tokenizer whose tokens are bytes; 256 is a control token without text."""
    return bytes(token for token in ids if token < 256).decode("utf-8", "replace")


def of_words(ids: Sequence[int]) -> str:
    """As SentencePiece decodes: each token has a space before it, and the first of a text loses it; 0 is control."""
    return "".join(f" {token}" for token in ids if token).removeprefix(" ")


@given(st.text(max_size=40), st.text(max_size=12))
def test_pieces_are_whole_characters_and_make_up_the_text(text: str, before: str) -> None:
    clean = text.encode("utf-8", "replace").decode()
    stream = TextStream(of_bytes, before.encode("utf-8", "replace"))
    pieces = [stream.push(token) for token in clean.encode()]
    assert "".join(pieces) + stream.finish() == clean
    assert all("\ufffd" not in piece or "\ufffd" in clean for piece in pieces)


def test_bytes_that_never_become_a_character_are_shown_at_the_end() -> None:
    stream = TextStream(of_bytes, b"x")
    assert [stream.push(token) for token in b"a\xe2\x82"] == ["a", "", ""]
    assert stream.finish() == "\ufffd"


def test_a_character_that_was_shown_is_not_taken_back() -> None:
    """SentencePiece decodes a run of byte tokens as a whole: one wrong byte spoils the characters before it."""

    def of_runs(ids: Sequence[int]) -> str:
        try:
            return bytes(ids).decode()
        except UnicodeDecodeError:
            return "\ufffd" * len(ids)

    euro = list("€".encode())
    for before, tokens in ((euro, [0x80]), ([], [*euro, 0x80])):
        stream = TextStream(of_runs, before)
        assert "".join(stream.push(token) for token in tokens) + stream.finish() == "€" * (not before) + "\ufffd"


@pytest.mark.parametrize(("before", "first"), [([7], " 1"), ([], "1"), ([0], "1"), ([7, 0], " 1")])
def test_a_space_before_a_word_is_kept_where_something_precedes_it(before: list[int], first: str) -> None:
    stream = TextStream(of_words, before)
    assert [stream.push(token) for token in (1, 0, 2)] == [first, "", " 2"]


def shown(stop: list[str], pieces: list[str]) -> tuple[str, list[str], bool]:
    told: list[str] = []
    answer = Answer(stop, told.append)
    stopped = any(answer.write(piece) for piece in pieces)
    answer.finish()
    return answer.text, told, stopped


def test_a_stop_string_over_borders_of_tokens_ends_the_text_and_is_never_shown() -> None:
    assert shown(["END"], ["one E", "N", "D two"]) == ("one ", ["one "], True)


def test_what_only_began_like_a_stop_string_is_shown() -> None:
    assert shown(["END"], ["one E", "N", "ough", " E"]) == ("one ENough E", ["one ", "ENough", " ", "E"], False)


def test_the_first_stop_string_in_the_text_counts() -> None:
    assert shown(["c", "b"], ["abc"]) == ("a", ["a"], True)


@given(st.lists(st.text("ab", max_size=4), max_size=8), st.lists(st.text("ab", min_size=1, max_size=4), max_size=3))
def test_what_is_shown_is_the_text_up_to_the_first_stop_string(pieces: list[str], stop: list[str]) -> None:
    told: list[str] = []
    answer = Answer(stop, told.append)
    written = ""
    for piece in pieces:
        written += piece
        if answer.write(piece):
            break
    answer.finish()
    ends = [at for word in stop if (at := written.find(word)) >= 0]
    assert answer.text == "".join(told) == (written[: min(ends)] if ends else written)


def test_an_empty_stop_string_is_refused() -> None:
    with pytest.raises(ZooError, match="at least one character"):
        Answer(["x", ""], None)
