"""What every causal language model gives: a tokenizer, special tokens, and sequences with a KV cache."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from threading import Lock

from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.sequence import CachedSequence


class CausalModel(ABC):
    """What requests are made of. A runtime sets the attributes and gives the abstract methods.

    context: tokens that one sequence holds at most.
    vocabulary: how many logits the model gives.
    bos, eos: token ids, None where the vocabulary has no such token.
    adds_bos: the model was trained with BOS before each text.
    chat_template: Jinja2 source, None where the model has none.
    reuses: what was computed for a token is the same whatever was fed with it, so that it may stand before other
    tokens. Not where activations are rounded to a scale of all that is fed at once.
    """

    context: int
    vocabulary: int
    bos: int | None
    eos: int | None
    adds_bos: bool
    chat_template: str | None
    reuses: bool = True
    _own: CachedSequence | None = None

    @abstractmethod
    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Token ids of the text alone, without BOS or an end token. special: names of special tokens mean these."""

    @abstractmethod
    def detokenize(self, ids: Sequence[int]) -> str:
        """Text of tokens, without special ones; U+FFFD for bytes that are no character."""

    @abstractmethod
    def is_end(self, token: int) -> bool:
        """Whether the model ends an answer with this token."""

    @abstractmethod
    def name_of(self, token: int) -> str:
        """How a special token is written in a chat template, such as "<s>"."""

    @abstractmethod
    def decoder(self) -> CachedSequence:
        """A sequence with a KV cache of its own."""

    def tokenize(self, text: str) -> list[int]:
        """Token ids, with BOS where the model was trained with it. Names of special tokens in `text` are plain text."""
        return [*([self.bos] if self.adds_bos and self.bos is not None else []), *self.encode(text)]

    def first_token(self) -> int:
        """What a text without any token before it is conditioned on."""
        token = self.eos if self.bos is None else self.bos
        if token is None:
            raise ZooError("an empty text needs a BOS or an end token to start from, and this vocabulary has neither")
        return token

    def sequence(self) -> CachedSequence:
        """The sequence that requests share, empty."""
        own = self.kept()
        own.reset()
        return own

    def turn(self) -> Lock:
        """Held by the request that uses the shared sequence, where several threads may ask."""
        own: Lock = self.__dict__.setdefault("_turn", Lock())  # in one step, so that all threads get the same
        return own

    def kept(self) -> CachedSequence:
        """The sequence that requests share, as the last of them left it."""
        if self._own is None:
            self._own = self.decoder()
        return self._own
