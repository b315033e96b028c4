"""How a causal language model answers the requests of lm-evaluation-harness, whatever computes its logits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from zoosmith.contract.errors import ZooError
from zoosmith.contract.session import Generation, LogLikelihood
from zoosmith.toolkit.causal import chat as chat_template
from zoosmith.toolkit.causal.logits import log_probabilities, log_softmax
from zoosmith.toolkit.causal.windows import windows
from zoosmith.toolkit.causal.writing import Answer, TextStream

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zoosmith.toolkit.causal.sequence import CachedSequence

ROWS = 128
"""Positions whose logits are asked for at once: enough for matrix products, and 25 MB of a vocabulary of 49,152."""


class CausalSession(ABC):
    """A `Session` of the contract but for `classify`. A runtime sets the attributes and gives the abstract methods.

    context: tokens that one sequence holds at most.
    vocabulary: how many logits the model gives.
    bos, eos: token ids, None where the vocabulary has no such token.
    adds_bos: the model was trained with BOS before each text.
    chat_template: Jinja2 source, None where the model has none.
    """

    context: int
    vocabulary: int
    bos: int | None
    eos: int | None
    adds_bos: bool
    chat_template: str | None
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

    def loglikelihood(self, requests: Sequence[tuple[str, str]]) -> list[LogLikelihood]:
        """Log-likelihood of each (context, continuation).

        Requests with one context share its pass through the model. A context that does not fit beside its
        continuation loses its beginning. Raises ZooError where a continuation alone exceeds the context.
        """
        groups: dict[tuple[int, ...], list[int]] = {}
        pairs = [self._fitting(*self.split(*request)) for request in requests]
        for index, (before, _) in enumerate(pairs):
            groups.setdefault(tuple(before), []).append(index)
        answers: dict[int, LogLikelihood] = {}
        for shared, indices in groups.items():
            answers |= zip(indices, self._scored(shared, [pairs[index][1] for index in indices]), strict=True)
        return [answers[index] for index in range(len(requests))]

    def loglikelihood_rolling(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        """Log-probability in nats of each token of each text but the first, which nothing precedes."""
        return [self.token_logprobs(self.tokenize(text)) for text in texts]

    def token_logprobs(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Log-probability in nats (len(ids) - 1,) of each token but the first; windows slide beyond the context."""
        import numpy as np

        scores = np.zeros(max(0, len(ids) - 1), dtype=np.float32)
        for at, logits in self._logits(ids[:-1]):
            scores[at : at + len(logits)] = log_probabilities(logits, ids[at + 1 : at + 1 + len(logits)])
        return scores

    def next_logprobs(self, ids: Sequence[Sequence[int]]) -> Iterator[NDArray[np.float32]]:
        """Per sequence, float32 (len, vocabulary): log-softmax in nats of the token after each position."""
        import numpy as np

        for sequence in ids:
            answer = np.empty((len(sequence), self.vocabulary), dtype=np.float32)
            for at, logits in self._logits(sequence):
                log_softmax(logits, answer[at : at + len(logits)])
            yield answer

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

        An answer also ends where the context is full. Raises ZooError where a prompt does not fit, or `chat` is asked
        of a model without a chat template.
        """
        asked = [self.chat_ids(prompt) if chat else self.tokenize(prompt) for prompt in prompts]
        return [self._written(ids or [self._first()], max_new_tokens, Answer(stop, on_text)) for ids in asked]

    def chat_ids(self, message: str) -> list[int]:
        """Token ids of the chat template around a user's message, with one BOS at most.

        The names of special tokens are these in the template, never in the message: it cannot end its own turn.
        Raises ZooError where the model has no template or it fails.
        """
        parsed, plain = self.encode(message, special=True), self.encode(message)
        if parsed == plain:
            ids = self.encode(self._rendered(message), special=True)
        else:
            before, *rest = self._rendered(MESSAGE).split(MESSAGE)
            ids = self.encode(before, special=True)
            for part in rest:
                ids += [*plain, *self.encode(part, special=True)]
        return [self.bos, *ids] if self.adds_bos and self.bos is not None and ids[:1] != [self.bos] else ids

    def split(self, context: str, continuation: str) -> tuple[list[int], list[int]]:
        """Token ids of both, as they stand in the whole text: encoded together, then cut where the context ends.

        Spaces at the end of the context belong to the continuation, as in lm-evaluation-harness (`_encode_pair`). An
        empty context is BOS, or the end token where the vocabulary has no BOS.
        """
        bare = context.rstrip()
        whole, before = self.tokenize(context + continuation), self.tokenize(bare)
        if not before:
            return [self._first()], whole
        cut = min(len(before), max(1, len(whole) - 1)) if continuation else len(whole)
        return whole[:cut], whole[cut:]

    def _fitting(self, before: list[int], after: list[int]) -> tuple[list[int], list[int]]:
        if len(after) > self.context:
            raise ZooError(f"a continuation of {len(after)} tokens does not fit into a context of {self.context}")
        return before[-(self.context + 1 - len(after)) :], after

    def _scored(self, before: Sequence[int], continuations: Sequence[Sequence[int]]) -> Iterator[LogLikelihood]:
        """One answer per continuation of the same tokens, which go through the model once."""
        import numpy as np

        sequence = self._sequence()
        first = np.array(sequence.extend(before[-self.context :], 1)) if any(continuations) else None
        for after in continuations:
            nats, greedy = 0.0, True
            for logits, tokens in self._after(sequence, before, first, after):
                nats += float(log_probabilities(logits, tokens).sum(dtype=np.float64))
                greedy = greedy and logits.argmax(axis=1).tolist() == list(tokens)
            yield LogLikelihood(nats, greedy)

    def _after(
        self, sequence: CachedSequence, before: Sequence[int], first: NDArray[np.float32] | None, after: Sequence[int]
    ) -> Iterator[tuple[NDArray[np.float32], Sequence[int]]]:
        """Logits of the positions before each token of `after`, and these tokens, some rows at a time."""
        if not after or first is None:
            return
        yield first, after[:1]
        if len(after) > 1 and not sequence.shorten(len(before)):
            sequence.extend(before, 0)
        for at in range(0, len(after) - 1, ROWS):
            fed = after[at : min(at + ROWS, len(after) - 1)]
            yield sequence.extend(fed, len(fed)), after[at + 1 : at + 1 + len(fed)]

    def _logits(self, ids: Sequence[int]) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Position, and logits (rows, vocabulary) after it and those that follow; valid until the next ones."""
        for window in windows(len(ids), self.context):
            sequence = self._sequence()
            sequence.extend(ids[window.start : window.first], 0)
            for at in range(window.first, window.end, ROWS):
                fed = ids[at : min(at + ROWS, window.end)]
                yield at, sequence.extend(fed, len(fed))

    def _written(self, ids: list[int], limit: int, answer: Answer) -> Generation:
        """One answer. A context of n holds n tokens, and the token after them is the last that can be chosen."""
        sequence, stream, tokens, ended = self._sequence(), TextStream(self.detokenize, ids), 0, False
        sequence.prompt(ids)
        while not ended and tokens < min(limit, self.context - len(ids) + 1):
            token, tokens = sequence.step(), tokens + 1
            ended = self.is_end(token)
            if not ended and answer.write(stream.push(token)):
                return Generation(answer.text, tokens, True)
        ended = answer.write(stream.finish()) or ended
        answer.finish()
        return Generation(answer.text, tokens, ended)

    def _rendered(self, message: str) -> str:
        if self.chat_template is None:
            raise ZooError("this model has no chat template: ask for a plain continuation of a text instead")
        bos, eos = ("" if token is None else self.name_of(token) for token in (self.bos, self.eos))
        return chat_template.render(self.chat_template, [{"role": "user", "content": message}], bos=bos, eos=eos)

    def _first(self) -> int:
        """What a text without any token before it is conditioned on."""
        token = self.eos if self.bos is None else self.bos
        if token is None:
            raise ZooError("an empty text needs a BOS or an end token to start from, and this vocabulary has neither")
        return token

    def _sequence(self) -> CachedSequence:
        """The sequence that requests share, empty."""
        if self._own is None:
            self._own = self.decoder()
        self._own.reset()
        return self._own


MESSAGE = "\U000f0000message\U000f0001"
"""Stands for a user's message in a rendered template: private characters, which no template looks for."""
