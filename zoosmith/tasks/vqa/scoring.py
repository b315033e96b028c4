"""Judging answers to questions about pictures: right and nothing else, and right somewhere in what was written."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from zoosmith.contract.errors import BuildError
from zoosmith.contract.metric import MetricInfo
from zoosmith.contract.output import Tolerance
from zoosmith.contract.vision import Seen
from zoosmith.stats.intervals import Estimate, mcnemar_exact, paired_proportions, proportion
from zoosmith.tasks.vqa import answers

if TYPE_CHECKING:
    from zoosmith.contract.session import Outcome, Response
    from zoosmith.contract.vision import VisionLanguageModel
    from zoosmith.tasks.vqa.encoding import Example, VisualQuestions

CAPABILITY = "generate_from_images"
METRICS = {"accuracy": MetricInfo(), "mentioned": MetricInfo(), "same_text": MetricInfo()}
QUICK_TOKENS = 60_000  # a hundred pictures of LLaVA-1.5
STREAMED = False
LATENCY_OF = "call"
MAX_NEW_TOKENS = 10
SHORT = "\nAnswer the question using a single word or phrase."
"""How LLaVA-1.5 was trained to be asked for short answers. Source: Liu et al., 2023."""


def answer(session: VisionLanguageModel, task: VisualQuestions, value: Any) -> str:
    """What the model writes about a picture."""
    return _written(session, task.unlabelled(value))


def _written(session: VisionLanguageModel, example: Example) -> str:
    [found] = session.generate_from_images(
        [Seen(example.image, example.question + SHORT)], max_new_tokens=MAX_NEW_TOKENS
    )
    return found.text.strip()


def respond(
    session: VisionLanguageModel, task: VisualQuestions, example: Example, like: Response | None = None
) -> Response:
    """`text`: uint8 (bytes,), the answer in UTF-8."""
    import numpy as np

    return {"text": np.frombuffer(_written(session, example).encode(), dtype=np.uint8)}


def outcome(response: Response, example: Example, reference: Response | None = None) -> Outcome:
    """Of the question (1,): `right`, `mentioned`, and `hash`, uint32 of the text."""
    import numpy as np

    text = _text(response)
    judged = {"right": answers.same(text, example.answer), "mentioned": answers.mentions(text, example.answer)}
    found = {name: np.array([value], bool) for name, value in judged.items()}
    return found | {"hash": np.array([zlib.crc32(text.encode())], np.uint32)}


def score(outcomes: Outcome, examples: Sequence[Example], task: VisualQuestions) -> dict[str, Any]:
    """Shares with 95 % intervals."""
    shares = {"accuracy": outcomes["right"], "mentioned": outcomes["mentioned"]}
    metrics = {name: proportion(int(found.sum()), len(examples)) for name, found in shares.items()}
    return {"metrics": metrics, "details": None}


def compare(
    mine: Outcome, theirs: Outcome, examples: Sequence[Example], task: VisualQuestions, reference: VisualQuestions
) -> dict[str, Any]:
    """Artifact minus reference, question by question, and the share of texts that are the same."""
    names = {"accuracy": "right", "mentioned": "mentioned"}
    delta = {metric: _paired(mine[name], theirs[name]) for metric, name in names.items()}
    lost, won = (int((a & ~b).sum()) for a, b in ((theirs["right"], mine["right"]), (mine["right"], theirs["right"])))
    same = proportion(int((mine["hash"] == theirs["hash"]).sum()), len(examples))
    return {"delta": delta, "divergence": {"same_text": same}, "lost": lost, "won": won}


def _paired(mine: Any, theirs: Any) -> tuple[Estimate, float]:
    both, lost, won = (int(found.sum()) for found in (mine & theirs, theirs & ~mine, mine & ~theirs))
    return paired_proportions(both, lost, won, len(mine) - both - lost - won), mcnemar_exact(lost, won)


def suspicion(outcomes: Outcome, examples: Sequence[Example], task: VisualQuestions) -> str | None:
    """One answer to questions that have several: the model does not see the pictures."""
    several = len({example.answer for example in examples}) > 1
    if several and len(examples) > 1 and len(set(outcomes["hash"].tolist())) == 1:
        return f"the same answer to all {len(examples)} questions: does the model see the pictures?"
    return None


def reproduces(expected: Sequence[Response], found: Sequence[Response], probes: Sequence[Example]) -> None:
    """Raise BuildError unless every probe gets the same text."""
    for probe, mine, theirs in zip(probes, map(_text, expected), map(_text, found), strict=True):
        if mine != theirs:
            raise BuildError(f"load-back: {theirs!r} instead of {mine!r} for {probe.question!r}")


def preserves(
    theirs: Sequence[Response], mine: Sequence[Response], tolerance: Tolerance, labels: Any
) -> dict[str, float]:
    """The share of probes with the parent's text. Raises BuildError where it is below the tolerance's agreement."""
    same = [_text(one) == _text(other) for one, other in zip(theirs, mine, strict=True)]
    share = sum(same) / len(same)
    if share < tolerance.agreement:
        raise BuildError(
            f"parity: {share:.0%} of {len(same)} probes get the parent's text; {tolerance.agreement:.0%} claimed; "
            "`min_agreement` lowers what is claimed"
        )
    return {"same_text": share}


def rebuilt(first: Sequence[Response], second: Sequence[Response]) -> tuple[bool, str]:
    """Whether two builds write the same texts."""
    different = sum(_text(one) != _text(other) for one, other in zip(first, second, strict=True))
    return different == 0, f"{different} of {len(first)} probes get another text"


class Stopwatch:
    """One answer a call, picture and all; questions take turns."""

    def __init__(self, session: VisionLanguageModel, task: VisualQuestions, inputs: Sequence[Any]) -> None:
        """Time answers to `inputs`, as `answer` takes them."""
        self.session, self.examples = session, [task.unlabelled(value) for value in inputs]

    def prepare(self, i: int) -> Callable[[], object]:
        """What is timed in call `i`."""
        example = self.examples[i % len(self.examples)]
        return lambda: _written(self.session, example)


stopwatch = Stopwatch


def _text(response: Response) -> str:
    return response["text"].tobytes().decode()
