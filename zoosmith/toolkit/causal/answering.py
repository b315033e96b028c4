"""Requests for what a model expects after each of many prompts that begin alike, such as one instruction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.logits import log_softmax
from zoosmith.toolkit.causal.model import CausalModel
from zoosmith.toolkit.causal.sequence import CachedSequence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Answering(CausalModel):
    """What comes first after a prompt."""

    def last_logprobs(self, ids: Sequence[Sequence[int]], *, reuse: bool = True) -> Iterator[NDArray[np.float32]]:
        """Per sequence, float32 (vocabulary,): log-softmax in nats of the token after its last one.

        reuse: the KV cache of the longest common prefix with the sequence before is kept, where the model `reuses`.
        Threads may ask at once; each prompt takes its turn.
        Raises ZooError for an empty sequence, and for one that exceeds the context.
        """
        for one in ids:
            if not one:
                raise ZooError("nothing can be expected after no token at all: give a prompt")
            with self.turn():
                answer = self._expected(one, reuse=reuse and self.reuses)
            yield answer

    def _expected(self, ids: Sequence[int], *, reuse: bool) -> NDArray[np.float32]:
        import numpy as np

        sequence = self.kept()
        known = kept_prefix(sequence, ids) if reuse else 0
        if known == 0:
            sequence.reset()
        answer = np.empty(self.vocabulary, dtype=np.float32)
        log_softmax(sequence.extend(ids[known:], 1), answer[None])
        return answer


def kept_prefix(sequence: CachedSequence, ids: Sequence[int]) -> int:
    """Shorten a sequence to what it has in common with `ids`, but for the last, and give its length.

    0, and an empty sequence, where its cache cannot be cut.
    """
    most = min(len(ids) - 1, sequence.length)
    common = next((at for at in range(most) if sequence.held[at] != ids[at]), most)
    if common == sequence.length:
        return common
    return common if sequence.shorten(common) else 0
