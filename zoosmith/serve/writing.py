"""A language model writes an answer, in a worker thread, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event

from zoosmith.contract.errors import ZooError
from zoosmith.contract.session import Generation
from zoosmith.serve.models import Opened
from zoosmith.serve.sampling import Sampler
from zoosmith.toolkit.causal.writing import Answer, TextStream


@dataclass(frozen=True)
class Writing:
    """What is to be written.

    ids: the prompt. tokens: how many are written at most. on_text: gets each piece, in the worker's thread, as soon as
    it is certain to be part of the answer. left: set when nobody waits any more; the answer ends with the next token.
    """

    opened: Opened
    ids: Sequence[int]
    tokens: int
    sampler: Sampler
    stop: Sequence[str] = ()
    on_text: Callable[[str], None] | None = None
    left: Event = field(default_factory=Event)


def write(asked: Writing) -> Generation:
    """The answer; at temperature 0 what `zoosmith run` writes. Raises ZooError where the prompt does not fit.

    It ends with an end token of the model, a string of `stop`, `tokens`, or a full context: one of n holds n tokens,
    and the token after them is the last that can be chosen. Each prompt is read whole: what another caller's left in
    the cache changes nothing.
    """
    opened = asked.opened
    sequence = opened.sequence()
    try:
        return _written(opened, asked, sequence)
    finally:
        opened.give_back(sequence)


def _written(opened: Opened, asked: Writing, sequence: object) -> Generation:
    from zoosmith.toolkit.causal.sequence import CachedSequence

    assert isinstance(sequence, CachedSequence)
    session, ids = opened.session, list(asked.ids)
    answer, stream = Answer(asked.stop, asked.on_text), TextStream(session.detokenize, ids)
    most, tokens, ended, fed = min(asked.tokens, room(opened, ids)), 0, False, ids
    while not ended and tokens < most and not asked.left.is_set():
        token, tokens = asked.sampler.choose(sequence.extend(fed, 1)[0]), tokens + 1
        fed, ended = [token], session.is_end(token)
        if not ended and answer.write(stream.push(token)):
            return Generation(answer.text, tokens, True)
    ended = answer.write(stream.finish()) or ended
    answer.finish()
    return Generation(answer.text, tokens, ended)


def room(opened: Opened, ids: Sequence[int]) -> int:
    """Tokens that can be written after a prompt. Raises ZooError where it fills the context or is empty."""
    context = opened.session.context
    if len(ids) > context:
        raise ZooError(
            f"the prompt has {len(ids)} tokens, and the model's context holds {context} with the answer; shorten it"
        )
    return context - len(ids) + 1
