"""Two texts in, one class out: matching, paraphrase, entailment."""

from __future__ import annotations

from pathlib import Path

from zoosmith.contract.manifest import TaskSpec
from zoosmith.tasks._classification.encoding import AUTO_MODEL, OFFERS, BoundTask

__all__ = ["AUTO_MODEL", "INPUTS", "OFFERS", "PROBES", "bind"]

INPUTS = ("first", "second")
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


def bind(spec: TaskSpec, folder: Path) -> BoundTask:
    """The task with the tokenizer in `folder`."""
    return BoundTask(spec, folder, PROBES)
