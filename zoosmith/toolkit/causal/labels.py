"""Words that are answers of one token: which token each is, checked."""

from __future__ import annotations

from collections.abc import Sequence

from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.reading import Reader

BEFORE = "\n"
"""Stands before a label while it is tokenised, for SentencePiece puts a space before what begins a text."""


def label_ids(reader: Reader, labels: Sequence[str], *, spaced: bool) -> tuple[int, ...]:
    """The token of each label, in their order; spaced: as it stands after a space, which is part of the token.

    Raises ZooError where a label is no token of its own: of several, of another text, or of two labels at once.
    """
    return tuple(_distinct(labels, [_single(reader, label, spaced) for label in labels]))


def ids_of(reader: Reader, label: str, *, spaced: bool) -> list[int]:
    """Token ids of a label in the middle of a text, after a space or right after what stands there."""
    text = f" {label}" if spaced else label
    before, whole = reader.encode(BEFORE), reader.encode(BEFORE + text)
    return whole[len(before) :] if whole[: len(before)] == before else reader.encode(text)


def _single(reader: Reader, label: str, spaced: bool) -> int:
    ids = ids_of(reader, label, spaced=spaced)
    if len(ids) != 1:
        raise ZooError(f"the label {label!r} is {_told(reader, ids, spaced)}; {_way_out(reader, label, spaced)}")
    read = reader.detokenize(ids)
    if read.strip().casefold() != label.strip().casefold():
        raise ZooError(
            f"the label {label!r} becomes the token {reader.name_of(ids[0])!r}, which reads {read.strip()!r}: this "
            "vocabulary has no token for it; use another word for it in the data"
        )
    return ids[0]


def _told(reader: Reader, ids: Sequence[int], spaced: bool) -> str:
    names = ", ".join(repr(reader.name_of(token)) for token in ids)
    return f"{len(ids)} tokens of this tokenizer {'after' if spaced else 'without'} a space ({names}), and must be one"


def _way_out(reader: Reader, label: str, spaced: bool) -> str:
    """What to do: the prompt's end decides whether a space stands before the answer."""
    if len(ids_of(reader, label, spaced=not spaced)) == 1:
        end = "without" if not spaced else "with"
        return f"{'without' if spaced else 'after'} a space it is one: let the prompt end {end} a space"
    return "neither form is one: use another word for it in the data, one that is a token of its own"


def _distinct(labels: Sequence[str], ids: list[int]) -> list[int]:
    for at, token in enumerate(ids):
        if token in ids[:at]:
            one, other = labels[ids.index(token)], labels[at]
            raise ZooError(
                f"the labels {one!r} and {other!r} are one token ({token}) of this tokenizer: its answers cannot be "
                "told apart; use another word for one in the data"
            )
    return ids
