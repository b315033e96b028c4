"""What an opened artifact answers: sessions, and the requests of lm-evaluation-harness that language models take.

A runtime names what its sessions offer in CAPABILITIES; a task asks for the one that it needs. Everything is
batched: a session is free to answer requests in any order, and gives answers back in the order of the requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Encoded: TypeAlias = "Mapping[str, NDArray[np.int64]]"
"""Model input by name (`input_ids`, `attention_mask`, ...), each of shape (batch, sequence)."""
Response: TypeAlias = "Mapping[str, NDArray[Any]]"
"""What a session answered to one example, as arrays by name; which ones the task's `scoring` says."""
Outcome: TypeAlias = "Mapping[str, NDArray[Any]]"
"""What is kept of responses: arrays by name whose first axis counts examples, or what else the task counts."""


class LogLikelihood(NamedTuple):
    """How likely a continuation is after its context.

    nats: sum over the continuation's tokens of the natural logarithm of their probability.
    greedy: each of the tokens is the likeliest one, so greedy generation would write this continuation.
    """

    nats: float
    greedy: bool


class Generation(NamedTuple):
    """What a model wrote after a prompt; the prompt is not part of it.

    text: without the end token and without the stop string that ended it.
    tokens: how many tokens were generated, the end token among them.
    stopped: it ended by an end token or a stop string, not because its tokens or the context ran out.
    """

    text: str
    tokens: int
    stopped: bool


class Decoder(Protocol):
    """One sequence with its KV cache, token by token, as benchmarks drive it: nothing is detokenised or kept."""

    def prompt(self, ids: Sequence[int]) -> None:
        """Append tokens to the sequence and compute the logits after the last one.

        Raises ZooError where `ids` is empty or the sequence would exceed the context.
        """

    def step(self) -> int:
        """The likeliest next token.

        The first step after a prompt reads the logits that the prompt computed, so the time to the first token is that
        of `prompt` and of this; each later step first computes the logits after the token of the step before it.
        Raises ZooError before a prompt and where the context is full.
        """

    def reset(self) -> None:
        """Forget the sequence. Memory stays allocated."""


class Classifier(Protocol):
    """An opened artifact that answers with one class."""

    def classify(self, encoded: Encoded) -> NDArray[np.float32]:
        """Class logits of shape (batch, classes), in the manifest's label order."""


class LanguageModel(Protocol):
    """An opened artifact that answers with likelihoods and text. Its tokenizer is its format's own.

    bos, eos: token ids, None where the vocabulary has no such token. adds_bos: trained with BOS before each text.
    chat_template: Jinja2 source of the template that it was trained with; None if it has none.
    """

    bos: int | None
    eos: int | None
    adds_bos: bool
    chat_template: str | None

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Token ids of the text alone. special: names of special tokens in it mean these."""

    def name_of(self, token: int) -> str:
        """How a token stands in the vocabulary."""

    def tokenize(self, text: str) -> list[int]:
        """Token ids, with BOS where the model was trained with it. Names of special tokens in `text` are plain text."""

    def detokenize(self, ids: Sequence[int]) -> str:
        """Text of tokens, without special ones; U+FFFD for bytes that are no character."""

    def loglikelihood(self, requests: Sequence[tuple[str, str]]) -> list[LogLikelihood]:
        """Log-likelihood of each (context, continuation).

        Raises ZooError where a continuation alone exceeds the context.
        """

    def loglikelihood_rolling(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Log-probability in nats of each token of each text but the first, which nothing precedes.

        Shape (len(tokenize(text)) - 1,), whatever the length; (0,) for an empty text. Where the tokenizer writes BOS,
        that is the first token, so that every token of the text itself is scored.
        """

    def next_logprobs(self, ids: Sequence[Sequence[int]]) -> Iterator[NDArray[np.float32]]:
        """Per sequence, float32 (len, vocabulary): log-softmax in nats of the token AFTER each position.

        One array at a time, for a vocabulary times a text is much memory. Where a sequence exceeds the context,
        windows slide over it and each token is scored with at least half a context before it.
        """

    def last_logprobs(self, ids: Sequence[Sequence[int]], *, reuse: bool = True) -> Iterator[NDArray[np.float32]]:
        """Per sequence, float32 (vocabulary,): log-softmax in nats of the token after its last one.

        reuse: what was computed for the longest common prefix with the sequence before may be kept. Raises ZooError for
        an empty sequence, and for one that exceeds the context.
        """

    def generate(
        self,
        prompts: Sequence[str],
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        chat: bool = False,
        on_text: Callable[[str], None] | None = None,
    ) -> list[Generation]:
        """Greedy continuations, until an end token of the model, one of the strings in `stop`, or `max_new_tokens`.

        chat: each prompt is a user's message and is put into the model's chat template.
        on_text: called with each new piece of text as soon as it is certain to be part of the answer.
        """

    def decoder(self) -> Decoder:
        """A decoder with a KV cache of its own, for benchmarks."""


Session: TypeAlias = Classifier | LanguageModel
"""What a runtime opens and a builder hands back; CAPABILITIES of the runtime says what it offers."""
