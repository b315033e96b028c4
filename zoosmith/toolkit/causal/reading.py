"""Texts as the tokens that a causal language model reads: plain, or as a user's message in its chat template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.chat import render

MESSAGE = "\U000f0000message\U000f0001"
"""Stands for a user's message in a rendered template: private characters, which no template looks for."""


class Reader(Protocol):
    """What turns text into tokens: a checkpoint's tokenizer, or an opened model with its own.

    bos, eos: token ids, None where the vocabulary has no such token. adds_bos: the model was trained with BOS before
    each text. chat_template: Jinja2 source, None where the model has none.
    """

    bos: int | None
    eos: int | None
    adds_bos: bool
    chat_template: str | None

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Token ids of the text alone. special: names of special tokens mean these."""

    def detokenize(self, ids: Sequence[int]) -> str:
        """Text of tokens, without special ones."""

    def name_of(self, token: int) -> str:
        """How a token stands in the vocabulary."""


def plain_ids(reader: Reader, text: str) -> list[int]:
    """Token ids of a text, with BOS where the model was trained with it."""
    return [*([reader.bos] if reader.adds_bos and reader.bos is not None else []), *reader.encode(text)]


def chat_ids(reader: Reader, message: str) -> list[int]:
    """Token ids of the chat template around a user's message, with one BOS at most.

    The names of special tokens are these in the template, never in the message: it cannot end its own turn.
    Raises ZooError where the model has no template or it fails.
    """
    parsed, plain = reader.encode(message, special=True), reader.encode(message)
    if parsed == plain:
        ids = reader.encode(rendered(reader, message), special=True)
    else:
        before, *rest = rendered(reader, MESSAGE).split(MESSAGE)
        ids = reader.encode(before, special=True)
        for part in rest:
            ids += [*plain, *reader.encode(part, special=True)]
    return [reader.bos, *ids] if reader.adds_bos and reader.bos is not None and ids[:1] != [reader.bos] else ids


def rendered(reader: Reader, message: str) -> str:
    """The chat template around a user's message as text. Raises ZooError where there is none or it fails."""
    if reader.chat_template is None:
        raise ZooError("this model has no chat template: ask for a plain continuation of a text instead")
    bos, eos = ("" if token is None else reader.name_of(token) for token in (reader.bos, reader.eos))
    return render(reader.chat_template, [{"role": "user", "content": message}], bos=bos, eos=eos)
