"""The words of cards of language models that answer with one token of a set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoosmith.stats.intervals import proportion
from zoosmith.tasks._classification.reporting import HEADLINE, PIPELINE_TAG

__all__ = ["EXAMPLE", "HEADLINE", "PIPELINE_TAG", "answers", "apart", "caveats", "length"]

EXAMPLE = '("Maria Garcia", "García, María")'
MOST = 0.05  # of free first tokens that are no label, before a card warns


def answers(build: Any) -> str:
    """What an artifact answers, of its build record."""
    *rest, last = [f"**{label}**" for label in build.labels]
    labels = f"{', '.join(rest)} or {last}" if rest else last
    columns = ", ".join(build.inputs)
    return f"It answers {labels} for {columns},\nput into a prompt of up to {build.max_length} tokens."


def length(build: Any) -> str:
    """What becomes of long input."""
    return f"A prompt of more than {build.max_length} tokens is refused; none is cut."


def apart(versus: Any, on: str) -> str:
    """How many decisions flip against the reference, with the interval of their share."""
    agreement, gap = versus.divergence.get("agreement"), versus.divergence.get("max_abs_logit_diff")
    if agreement is None:
        return ""
    share = proportion(round((1 - agreement.value) * agreement.n), agreement.n)
    flips = f"{100 * share.value:.3g}% of its decisions{on} flip against the reference"
    ends = f"{100 * share.low:.2g} to {100 * share.high:.2g}%, n = {share.n}"
    lost = "" if versus.lost is None else f": {versus.lost} right answers lost,\n{versus.won} won"
    most = "" if gap is None else f"; largest difference of a label's log-probability {gap.value:.3g} nats"
    return f"{flips} ({ends}){lost}{most}."


def caveats(build: Any, measured: Any) -> Sequence[str]:
    """A sentence for each eval where left free the model often begins with something that is no label."""
    told = {id: quality.metrics.get("free_label_share") for id, quality in measured.quality.items()}
    return [
        f"Left free, it begins its answer to {100 * (1 - share.value):.3g}% of the prompts of {id} (n = {share.n}) "
        "with something that is no label: read the labels' probabilities, as `zoosmith run` does, not what it writes."
        for id, share in told.items()
        if share is not None and 1 - share.value > MOST
    ]
