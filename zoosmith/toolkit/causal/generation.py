"""Requests for text: greedy generation, plain or through the model's chat template."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zoosmith.contract.session import Generation
from zoosmith.toolkit.causal.model import CausalModel
from zoosmith.toolkit.causal.reading import chat_ids
from zoosmith.toolkit.causal.writing import Answer, TextStream


class Generating(CausalModel):
    """What a model writes."""

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
        return [self._written(ids or [self.first_token()], max_new_tokens, Answer(stop, on_text)) for ids in asked]

    def chat_ids(self, message: str) -> list[int]:
        """Token ids of the chat template around a user's message. Raises ZooError where there is none or it fails."""
        return chat_ids(self, message)

    def _written(self, ids: list[int], limit: int, answer: Answer) -> Generation:
        """One answer. A context of n holds n tokens, and the token after them is the last that can be chosen."""
        sequence, stream, tokens, ended = self.sequence(), TextStream(self.detokenize, ids), 0, False
        sequence.prompt(ids)
        while not ended and tokens < min(limit, self.context - len(ids) + 1):
            token, tokens = sequence.step(), tokens + 1
            ended = self.is_end(token)
            if not ended and answer.write(stream.push(token)):
                return Generation(answer.text, tokens, True)
        ended = answer.write(stream.finish()) or ended
        answer.finish()
        return Generation(answer.text, tokens, ended)
