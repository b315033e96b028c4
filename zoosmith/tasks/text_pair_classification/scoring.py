"""Two texts in, one class out: matching, paraphrase, entailment: what is measured of the answers."""

from zoosmith.tasks._classification.scoring import (
    CAPABILITY,
    LATENCY_OF,
    METRICS,
    QUICK_TOKENS,
    STREAMED,
    answer,
    compare,
    outcome,
    preserves,
    rebuilt,
    reproduces,
    respond,
    score,
    stopwatch,
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
    "suspicion",
]
