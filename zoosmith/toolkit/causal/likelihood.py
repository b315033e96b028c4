"""Requests for log-probabilities, as lm-evaluation-harness makes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from zoosmith.contract.errors import ZooError
from zoosmith.contract.session import LogLikelihood
from zoosmith.toolkit.causal.logits import log_probabilities, log_softmax
from zoosmith.toolkit.causal.model import CausalModel
from zoosmith.toolkit.causal.sequence import ROWS, CachedSequence
from zoosmith.toolkit.causal.windows import windows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Scoring(CausalModel):
    """How likely texts are."""

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

    def split(self, context: str, continuation: str) -> tuple[list[int], list[int]]:
        """Token ids of both, as they stand in the whole text: encoded together, then cut where the context ends.

        Spaces at the end of the context belong to the continuation, as in lm-evaluation-harness (`_encode_pair`). An
        empty context is BOS, or the end token where the vocabulary has no BOS. Where both melt into one token, this is
        what is scored.
        """
        whole, before = self.tokenize(context + continuation), self.tokenize(context.rstrip())
        cut = min(len(before), len(whole) - 1) if continuation else len(whole)
        return (whole[:cut], whole[cut:]) if cut > 0 else ([self.first_token()], whole)

    def _fitting(self, before: list[int], after: list[int]) -> tuple[list[int], list[int]]:
        if len(after) > self.context:
            raise ZooError(f"a continuation of {len(after)} tokens does not fit into a context of {self.context}")
        return before[-(self.context + 1 - len(after)) :], after

    def _scored(self, before: Sequence[int], continuations: Sequence[Sequence[int]]) -> Iterator[LogLikelihood]:
        """One answer per continuation of the same tokens, which go through the model once."""
        import numpy as np

        sequence = self.sequence()
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
            sequence = self.sequence()
            sequence.extend(ids[window.start : window.first], 0)
            for at in range(window.first, window.end, ROWS):
                fed = ids[at : min(at + ROWS, window.end)]
                yield at, sequence.extend(fed, len(fed))
