"""One text in, one class out: sentiment, topic, intent."""

from __future__ import annotations

from pathlib import Path

from zoosmith.contract.manifest import TaskSpec
from zoosmith.tasks._classification.encoding import AUTO_MODEL, OFFERS, BoundTask

__all__ = ["AUTO_MODEL", "INPUTS", "OFFERS", "PROBES", "bind"]

INPUTS = ("text",)
PROBES = (
    "a",
    "Good.",
    "The plot is thin, but the two leads carry it with charm.",
    "I would not recommend this to anyone who values an evening.",
    "No. 7 was late AGAIN; I want my money back!!!",
    "Le film est magnifique, naïve and très long.",
    "東京の天気は今日とても良いです。",
    "🙂👍🏽 ok — fine… \t tabs\nand\u00a0spaces",
    "Shares of the company rose 3.2 % after it reported higher profits than analysts had expected.",
    "The match ended in a draw after the goalkeeper saved two penalties in the last minute. " * 12,
    "terrible terrible terrible wonderful",
    "x" * 400,
)


def bind(spec: TaskSpec, folder: Path) -> BoundTask:
    """The task with the tokenizer in `folder`."""
    return BoundTask(spec, folder, PROBES)
