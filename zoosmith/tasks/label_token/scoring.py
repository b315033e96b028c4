"""Judging answers of one token: as classes, and by whether the model would have answered with a label at all.

Class logits are the log-probabilities of the labels' tokens. What a model would write first, if any token may come,
is its free answer: an untrained one drifts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from zoosmith.contract.errors import BuildError, ZooError
from zoosmith.contract.metric import MetricInfo
from zoosmith.contract.output import Tolerance
from zoosmith.stats import intervals
from zoosmith.tasks._classification import scoring as classes
from zoosmith.tasks._classification.scoring import Labels, Prediction, rebuilt, reproduces, suspicion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from zoosmith.contract.session import LanguageModel, Outcome, Response
    from zoosmith.tasks._classification.encoding import Example
    from zoosmith.tasks.label_token.encoding import LabelTokenTask

__all__ = [
    "CAPABILITY", "LATENCY_OF", "METRICS", "QUICK_TOKENS", "STREAMED", "answer", "compare", "outcome", "preserves",
    "rebuilt", "reproduces", "respond", "score", "stopwatch", "suspicion",
]  # fmt: skip

CAPABILITY = "last_logprobs"
STREAMED = False
LATENCY_OF = "call"
QUICK_TOKENS = 6_000  # about 15 s of a 135 M parameter model in FP32 on two cores, and as long for its reference
METRICS = classes.METRICS | {"free_label_share": MetricInfo()}


def respond(
    session: LanguageModel, task: LabelTokenTask, example: Example, like: Response | None = None, *, reuse: bool = True
) -> Response:
    """What the model answers to the prompt of one example.

    `logits` float32 (classes,), log-probabilities in nats of the labels' tokens; `free` (1,), the likeliest token of
    all; `free_label` bool (1,), whether it is a label. reuse: the instruction that prompts have in common is read once.
    Raises ZooError naming an example whose prompt does not fit.
    """
    import numpy as np

    ids, answers = task.prompt_ids(example, session), task.answer_ids(session)
    try:
        [expected] = session.last_logprobs([ids], reuse=reuse)
    except ZooError as error:
        raise ZooError(f"the prompt of {example.texts!r:.160}: {error}") from None
    free = int(expected.argmax())
    return {
        "logits": expected[list(answers)],
        "free": np.array([free], np.int64),
        "free_label": np.array([free in answers]),
    }


def outcome(response: Response, example: Example, reference: Response | None = None) -> Outcome:
    """`logits` (1, classes), `free` (1,) and `free_label` (1,)."""
    return {"logits": response["logits"][None], "free": response["free"], "free_label": response["free_label"]}


def answer(session: LanguageModel, task: LabelTokenTask, value: str | Sequence[str]) -> Prediction:
    """The prediction for what a user typed: the likeliest label, and how likely each is among the labels.

    The whole prompt is read, as a server does whose callers have nothing in common.
    """
    import numpy as np

    logits = respond(session, task, task.unlabelled(value), reuse=False)["logits"]
    weights = np.exp(logits - logits.max())
    scores = dict(zip(task.spec.labels, (weights / weights.sum()).tolist(), strict=True))
    label = max(scores, key=lambda name: scores[name])
    return Prediction(label, scores[label], scores)


class Stopwatch:
    """What benchmarks time: one answer, from text to label; inputs take turns.

    Nothing is kept between calls: each reads its whole prompt, also the instruction that all of them begin with.
    """

    def __init__(self, session: LanguageModel, task: LabelTokenTask, inputs: Sequence[Any]) -> None:
        """Time answers to `inputs`, as `answer` takes them."""
        self.session = session
        self.task = task
        self.inputs = inputs

    def prepare(self, i: int) -> Callable[[], object]:
        """What is timed in call `i`."""
        value = self.inputs[i % len(self.inputs)]
        return lambda: answer(self.session, self.task, value)


stopwatch = Stopwatch


def score(outcomes: Outcome, examples: Sequence[Example], task: LabelTokenTask) -> dict[str, Any]:
    """The metrics of classes, and the share of examples whose likeliest first token is a label, with 95 % intervals."""
    found = classes.score(outcomes, examples, task)
    free = outcomes["free_label"]
    found["metrics"]["free_label_share"] = intervals.proportion(int(free.sum()), len(free))
    return found


def compare(
    mine: Outcome, theirs: Outcome, examples: Sequence[Example], task: LabelTokenTask, reference: LabelTokenTask
) -> dict[str, Any]:
    """The paired comparison of classes, and how the share of free labels changed, with McNemar's exact p."""
    found = classes.compare(mine, theirs, examples, task, reference)
    ours, others = mine["free_label"], theirs["free_label"]
    both, lost, won = (int(which.sum()) for which in (ours & others, others & ~ours, ours & ~others))
    change = intervals.paired_proportions(both, lost, won, len(ours) - both - lost - won)
    found["delta"]["free_label_share"] = change, intervals.mcnemar_exact(lost, won)
    return found


def preserves(
    theirs: Sequence[Response], mine: Sequence[Response], tolerance: Tolerance, labels: tuple[Labels, Labels]
) -> dict[str, float]:
    """How far the answers are from the parent's; `labels` are theirs and mine.

    `mean_kl` is the mean KL divergence, in nats, of the probabilities of the labels among each other. Raises BuildError
    beyond the tolerance.
    """
    found = classes.preserves(theirs, mine, tolerance, labels)
    columns = classes.columns(*labels)
    pairs = zip(theirs, mine, strict=True)
    kl = [_divergence(one["logits"][columns], other["logits"]) for one, other in pairs]
    mean = sum(kl) / len(kl)
    if tolerance.mean_kl is not None and not mean <= tolerance.mean_kl:
        raise BuildError(
            f"parity: the labels' probabilities are {mean:.3g} nats (mean KL divergence of {len(kl)} probes) from "
            f"the parent's; this technique claims {tolerance.mean_kl:g}. The weights, the vocabulary or the parent are "
            "not what they should be"
        )
    return found | {"mean_kl": mean}


def _divergence(reference: NDArray[np.float32], artifact: NDArray[np.float32]) -> float:
    """KL(reference || artifact) in nats of what softmax makes of logits (classes,)."""
    import numpy as np

    p, q = (side.astype(np.float64) - np.logaddexp.reduce(side.astype(np.float64)) for side in (reference, artifact))
    return float(max(0.0, (np.exp(p) * (p - q)).sum()))
