"""How many answers change though nothing that matters has: by change, with intervals, and paired with the reference.

One answer a pair and change, so that pairs are what an interval is over. A pair that a change leaves as it is, such as
one without accents, is not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zoosmith.contract.metric import MetricInfo
from zoosmith.stats import invariance
from zoosmith.tasks._classification.encoding import Example
from zoosmith.tasks.invariance.changes import CHANGES
from zoosmith.tasks.text_pair_classification.scoring import (
    CAPABILITY,
    LATENCY_OF,
    STREAMED,
    answer,
    preserves,
    rebuilt,
    reproduces,
    stopwatch,
)

if TYPE_CHECKING:
    from zoosmith.contract.session import Outcome, Response
    from zoosmith.tasks.invariance.encoding import Case, InvarianceTask

__all__ = [
    "CAPABILITY", "LATENCY_OF", "METRICS", "QUICK_TOKENS", "STREAMED", "answer", "compare", "outcome", "preserves",
    "rebuilt", "reproduces", "respond", "score", "stopwatch", "suspicion",
]  # fmt: skip

QUICK_TOKENS = 48_000
METRICS = {change: MetricInfo(better="lower") for change in CHANGES}
LEFT, KEPT, MOVED = -1, 0, 1  # the change leaves the pair as it is; it keeps the answer; it moves it
ODD = -2  # an answer is not finite


def respond(session: Any, task: InvarianceTask, example: Case, like: Response | None = None) -> Response:
    """For each change int8 (1,): LEFT, KEPT or MOVED, by the largest logit; ODD where a logit is not finite."""
    import numpy as np

    first = _class(session, task, example.example)
    found = {}
    for change, pair in example.pairs.items():
        expected = example.same if change == "identical" else first
        answered = first if pair is None else _class(session, task, Example(pair))
        state = LEFT if pair is None else ODD if ODD in (first, answered) else MOVED if answered != expected else KEPT
        found[change] = np.array([state], dtype=np.int8)
    return found


def _class(session: Any, task: InvarianceTask, example: Example) -> int:
    import numpy as np

    logits = task.scoring.respond(session, task.task, example)["logits"]
    return int(logits.argmax()) if np.isfinite(logits).all() else ODD


def outcome(response: Response, example: Case, reference: Response | None = None) -> Outcome:
    """The response itself."""
    return response


def score(outcomes: Outcome, examples: Sequence[Case], task: InvarianceTask) -> dict[str, Any]:
    """The share of answers that each change moves, with its 95 % interval; one that touches no pair is left out."""
    states = {change: column.tolist() for change, column in outcomes.items()}
    found = {change: invariance.share(column) for change, column in states.items()}
    metrics = {change: estimate for change, estimate in found.items() if estimate}
    return {"metrics": metrics, "details": {"kind": "changes", "changes": states}}


def compare(
    mine: Outcome, theirs: Outcome, examples: Sequence[Case], task: InvarianceTask, reference: InvarianceTask
) -> dict[str, Any]:
    """Paired differences of the shares, with McNemar's exact p."""
    pairs = {change: (mine[change].tolist(), theirs[change].tolist()) for change in mine if change in theirs}
    return {"delta": invariance.deltas(pairs), "divergence": {}}


def suspicion(outcomes: Outcome, examples: Sequence[Case], task: InvarianceTask) -> str | None:
    """Why these answers cannot be right, or None: not finite."""
    bad = max((int((column == ODD).sum()) for column in outcomes.values()), default=0)
    return f"NaN or infinite logits for {bad} of {len(examples)} pairs" if bad else None
