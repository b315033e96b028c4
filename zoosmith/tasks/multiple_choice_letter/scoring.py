"""Multiple choice by what a model writes: it is shown the choices and asked for a letter.

Greedy, 10 new tokens, through the model's chat template where it has one. The answer is the first letter from A to D
that stands alone in the first 50 characters, in either case. A text without one is malformed: wrong, and counted.
"""

from __future__ import annotations

import re
from string import ascii_uppercase
from typing import TYPE_CHECKING

from zoosmith.contract.metric import MetricInfo
from zoosmith.tasks._choices.asking import asked
from zoosmith.tasks._choices.scoring import DIVERGENCES, STATES, columns, compare, score, suspicion
from zoosmith.tasks._language.generation import LATENCY_OF, answer, stopwatch, stream
from zoosmith.tasks._language.scoring import preserves, rebuilt, reproduces

if TYPE_CHECKING:
    from zoosmith.contract.session import LanguageModel, Outcome, Response
    from zoosmith.tasks._choices.encoding import ItemTask
    from zoosmith.tasks._choices.items import Item

__all__ = [
    "CAPABILITY", "LATENCY_OF", "METRICS", "QUICK_TOKENS", "STREAMED", "answer", "compare", "lost", "outcome",
    "preserves", "rebuilt", "reproduces", "respond", "score", "stopwatch", "stream", "suspicion",
]  # fmt: skip

CAPABILITY = "generate"
STREAMED = False
QUICK_TOKENS = 4_000  # beside them 10 are written for each item, one by one
METRICS = {"acc": MetricInfo(), "malformed": MetricInfo(better="lower")} | STATES | DIVERGENCES
NEW_TOKENS = 10
SEEN = 50  # characters of what was written
LETTER = re.compile(r"\b[ABCD]\b")
ASKED = "Answer with only the letter."


def prompt_of(example: Item) -> str:
    """The question, its choices one a line, and what is asked."""
    choices = [f"{letter}. {choice}" for letter, choice in zip(ascii_uppercase, example.choices, strict=False)]
    return "\n".join((example.shown, *choices, ASKED))


def letter_in(text: str) -> int | None:
    """The place of the letter that a text answers with; None for a malformed one."""
    found = LETTER.search(text[:SEEN].upper())
    return None if found is None else ascii_uppercase.index(found.group())


def respond(session: LanguageModel, task: ItemTask, example: Item, like: Response | None = None) -> Response:
    """`text` uint8 (bytes,), what was written in UTF-8, nothing where it failed; `failed` and `slow` bool (1,)."""
    import numpy as np

    found = asked(lambda: _written(session, prompt_of(example)), example)
    return {"text": np.frombuffer((found.found or "").encode(), dtype=np.uint8)} | found.states


def _written(session: LanguageModel, prompt: str) -> str:
    chat = session.chat_template is not None
    [written] = session.generate([prompt], max_new_tokens=NEW_TOKENS, chat=chat)
    return written.text


def outcome(response: Response, example: Item, reference: Response | None = None) -> Outcome:
    """int8 (1,): whether the answer is right, malformed, failed or slow, and which one is `chosen`."""
    slow, place = response["slow"][0], letter_in(response["text"].tobytes().decode())
    if response["failed"][0]:
        return {**lost(example), **columns({"slow": slow})}
    right, chosen = place is not None and place == example.answer, -1 if place is None else place
    told = {"acc": right, "malformed": place is None, "failed": 0, "slow": slow}
    return columns(told | {"chosen": chosen, "odd": 0})


def lost(example: Item) -> Outcome:
    """The outcome of an item that failed."""
    return columns({"acc": 0, "malformed": 0, "failed": 1, "slow": 0, "chosen": -1, "odd": 0})
