"""Multiple choice by log-likelihood: the answer is the choice that is the likeliest after the context.

As lm-evaluation-harness 0.4.13 does (`output_type: multiple_choice`): a choice stands after a space; `acc` takes the
largest log-likelihood, `acc_norm` the largest for a character of the choice, `acc_bytes` for a byte of it in UTF-8; of
equal ones the first. `acc_tokens`, the largest for a token, that harness does not have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

CAPABILITY = "loglikelihood"
STREAMED = False
QUICK_TOKENS = 6_000  # about 15 s of a 135 M parameter model in FP32 on two cores, and as long for its reference
SHARES = ("acc", "acc_norm", "acc_bytes", "acc_tokens")
METRICS = {name: MetricInfo() for name in SHARES} | STATES | DIVERGENCES
DELIMITER = " "


def respond(session: LanguageModel, task: ItemTask, example: Item, like: Response | None = None) -> Response:
    """How likely each choice is after the context, which the choices share one pass of through the model.

    `nats` float64 (choices,), log-likelihoods; `tokens` int64 (choices,), of how many tokens; both empty where it
    failed, and `failed` and `slow` bool (1,).
    """
    import numpy as np

    found = asked(lambda: _likelihoods(session, example), example)
    nats, tokens = found.found or ((), ())
    return {"nats": np.array(nats, np.float64), "tokens": np.array(tokens, np.int64)} | found.states


def _likelihoods(session: LanguageModel, example: Item) -> tuple[list[float], list[int]]:
    after = [DELIMITER + choice for choice in example.choices]
    nats = [found.nats for found in session.loglikelihood([(example.context, text) for text in after])]
    before = len(session.tokenize(example.context.rstrip()))
    tokens = [len(session.tokenize(example.context + text)) - before for text in after]
    return nats, [max(1, count) for count in tokens]


def outcome(response: Response, example: Item, reference: Response | None = None) -> Outcome:
    """int8 (1,): whether the item counts for each metric, `chosen` by plain likelihood, and `odd`."""
    import numpy as np

    nats, slow = response["nats"], response["slow"][0]
    if response["failed"][0]:
        return {**lost(example), **columns({"slow": slow})}
    chosen = _chosen(nats, _sizes(example, response))
    right = {name: place == example.answer for name, place in chosen.items()}
    return columns(right | {"failed": 0, "slow": slow, "chosen": chosen["acc"], "odd": not np.isfinite(nats).all()})


def lost(example: Item) -> Outcome:
    """The outcome of an item that failed."""
    return columns(dict.fromkeys(SHARES, 0) | {"failed": 1, "slow": 0, "chosen": -1, "odd": 0})


def _sizes(example: Item, response: Response) -> dict[str, Any]:
    """What a log-likelihood is divided by, (choices,), for each metric."""
    return {
        "acc": [1] * len(example.choices),
        "acc_norm": [len(choice) for choice in example.choices],
        "acc_bytes": [len(choice.encode()) for choice in example.choices],
        "acc_tokens": response["tokens"],
    }


def _chosen(nats: Any, sizes: dict[str, Any]) -> dict[str, int]:
    """The place of the likeliest choice by metric; one without text is infinitely unlikely for its length."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return {name: int(np.argmax(nats / np.array(size, np.float64))) for name, size in sizes.items()}
