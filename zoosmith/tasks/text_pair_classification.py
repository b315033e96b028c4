"""Two texts in, one class out: matching, paraphrase, entailment."""

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

INPUTS = ("first", "second")
AUTO_MODEL = "AutoModelForSequenceClassification"
PIPELINE_TAG = "text-classification"
CAPABILITY = "logits"
PROBES = (
    ("a", "b"),
    ("Maria Garcia", "Garcia, María"),
    ("J. Smith", "John Smith"),
    ("William Turner", "Bill Turner"),
    ("Søren Kierkegaard", "Soren Kierkegard"),
    ("Иван Петров", "Ivan Petrov"),
    ("A man is playing a guitar on stage.", "Somebody makes music."),
    ("The meeting is on Monday.", "The meeting was cancelled, and nobody was told."),
    ("How do I reset my password?", "What must I do to change my PIN?"),
    ("東京", "Tokyo"),
    ("One sentence that goes on and on. " * 12, "Another that does the same. " * 12),
    ("🙂", "— … \t\u00a0"),
)
