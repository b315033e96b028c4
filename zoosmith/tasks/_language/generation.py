"""Asking a causal language model for text, and timing it token by token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from zoosmith.toolkit.causal.prompts import prompt_ids

if TYPE_CHECKING:
    from zoosmith.contract.session import Generation, LanguageModel
    from zoosmith.tasks._language.encoding import LanguageTask

LATENCY_OF = "token"
MAX_NEW_TOKENS = 256
PROMPT_TOKENS = 32
STEPS = 64  # tokens that are generated before the prompt is read again


def stream(
    session: LanguageModel, task: LanguageTask, value: str, on_text: Callable[[str], None] | None = None
) -> Generation:
    """What the model writes after a prompt, through its chat template if it has one; `on_text` gets it as it comes."""
    prompt, chat = task.unlabelled(value).text, session.chat_template is not None
    [written] = session.generate([prompt], max_new_tokens=MAX_NEW_TOKENS, chat=chat, on_text=on_text)
    return written


def answer(session: LanguageModel, task: LanguageTask, value: str) -> Generation:
    """What the model writes after a prompt."""
    return stream(session, task, value)


class Stopwatch:
    """What benchmarks time: one token of a greedy continuation, with a KV cache, after a prompt of 32 tokens.

    Reading the prompt again, when the continuation is long enough, is not timed.
    """

    def __init__(self, session: LanguageModel, task: LanguageTask, inputs: Sequence[Any]) -> None:
        """Continue the first of `inputs`. Raises ZooError if none of them has a token."""
        self.decoder = session.decoder()
        self.ids = prompt_ids(session.tokenize, inputs, PROMPT_TOKENS)
        self.left = 0

    def prepare(self, i: int) -> Callable[[], object]:
        """What is timed in call `i`."""
        if self.left == 0:
            self.decoder.reset()
            self.decoder.prompt(self.ids)
            self.decoder.step()  # the first reads the prompt's logits and computes none
            self.left = STEPS
        self.left -= 1
        return self.decoder.step


stopwatch = Stopwatch
