"""Text in, text out: chat, completion: what is measured."""

from zoosmith.tasks._language.generation import LATENCY_OF, answer, stopwatch, stream
from zoosmith.tasks._language.scoring import (
    CAPABILITY,
    METRICS,
    QUICK_TOKENS,
    STREAMED,
    compare,
    outcome,
    preserves,
    rebuilt,
    reproduces,
    respond,
    score,
    suspicion,
)

__all__ = [
    "CAPABILITY",
    "LATENCY_OF",
    "METRICS",
    "QUICK_TOKENS",
    "STREAMED",
    "answer",
    "compare",
    "outcome",
    "preserves",
    "rebuilt",
    "reproduces",
    "respond",
    "score",
    "stopwatch",
    "stream",
    "suspicion",
]
