"""One text in, one class out: sentiment, topic, intent."""

from __future__ import annotations

from zoosmith.tasks._classification import METRICS, compare, loss, score, suspicion

__all__ = [
    "AUTO_MODEL",
    "CAPABILITY",
    "INPUTS",
    "METRICS",
    "PIPELINE_TAG",
    "PROBES",
    "compare",
    "loss",
    "score",
    "suspicion",
]

INPUTS = ("text",)
AUTO_MODEL = "AutoModelForSequenceClassification"
PIPELINE_TAG = "text-classification"
CAPABILITY = "logits"
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
