"""The messages of a conversation as the tokens that a language model reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.chat import render
from zoosmith.toolkit.causal.reading import Reader

MARK = "\U000f0000{}\U000f0001"
"""Stands for a message in a rendered template: private characters, which no template looks for."""
MARKED = re.compile("\U000f0000([0-9]+)\U000f0001")


class Message(NamedTuple):
    """Who says what."""

    role: str
    content: str


def conversation_ids(reader: Reader, messages: Sequence[Message]) -> list[int]:
    """Token ids of the chat template around messages, the answer to come next, with one BOS at most.

    Of one message of the user they are those of `zoosmith run`. Names of special tokens are these in the template,
    never in a message: nobody ends their own turn or speaks as another. Raises ZooError where the model has no
    template or it refuses the messages.
    """
    plain = [reader.encode(message.content) for message in messages]
    if plain == [reader.encode(message.content, special=True) for message in messages]:
        ids = reader.encode(_rendered(reader, messages), special=True)
    else:
        marked = [message._replace(content=MARK.format(at)) for at, message in enumerate(messages)]
        before, *rest = MARKED.split(_rendered(reader, marked))  # text, number, text, number, ..., text
        ids = reader.encode(before, special=True)
        for number, text in zip(rest[::2], rest[1::2], strict=True):
            ids += [*plain[int(number)], *reader.encode(text, special=True)]
    return [reader.bos, *ids] if reader.adds_bos and reader.bos is not None and ids[:1] != [reader.bos] else ids


def _rendered(reader: Reader, messages: Sequence[Message]) -> str:
    if reader.chat_template is None:
        raise ZooError("this model has no chat template: ask /v1/completions to continue a text instead")
    bos, eos = ("" if token is None else reader.name_of(token) for token in (reader.bos, reader.eos))
    return render(reader.chat_template, [message._asdict() for message in messages], bos=bos, eos=eos)
