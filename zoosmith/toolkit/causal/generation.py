"""Requests for text: greedy generation, plain or through the model's chat template."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zoosmith.contract.errors import ZooError
from zoosmith.contract.session import Generation
from zoosmith.toolkit.causal.chat import render
from zoosmith.toolkit.causal.model import CausalModel
from zoosmith.toolkit.causal.writing import Answer, TextStream

MESSAGE = "\U000f0000message\U000f0001"
"""Stands for a user's message in a rendered template: private characters, which no template looks for."""


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

    def _rendered(self, message: str) -> str:
        if self.chat_template is None:
            raise ZooError("this model has no chat template: ask for a plain continuation of a text instead")
        bos, eos = ("" if token is None else self.name_of(token) for token in (self.bos, self.eos))
        return render(self.chat_template, [{"role": "user", "content": message}], bos=bos, eos=eos)
