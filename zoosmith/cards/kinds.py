"""What cards say differently of each kind of task: answers that are one class, or text.

A task's reporting module may bring words of its own, under the names of the fields of `Words`: functions in lower case,
HEADLINE, EXAMPLE and REBUILT in capitals. They are handed in, since cards see no tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from zoosmith.records import words
from zoosmith.records.family import PREFERRED
from zoosmith.records.schema import BuildRecord, Measurement
from zoosmith.records.scores import Metric, Versus


@dataclass(frozen=True)
class Words:
    """Words of a kind of task.

    headline: bare names of the metrics or divergences that may be shown first, the preferred one first. example:
    an input as a Python literal, or as words for a shell. answers: a sentence on what an artifact answers, and to what.
    usage: a block of Python from the build and the example, "" for none. length: what becomes of
    long input. apart: how far the artifact is from the reference on one eval, after the words `on` that name the eval.
    rebuilt: how near a rebuild must be whose builder claims equal logits. caveats: further sentences for "Limits".
    """

    headline: Sequence[str]
    example: str
    answers: Callable[[BuildRecord], str]
    usage: Callable[[BuildRecord, str], str]
    length: Callable[[BuildRecord], str]
    apart: Callable[[Versus, str], str]
    rebuilt: str
    caveats: Callable[[BuildRecord, Measurement], Sequence[str]] = lambda build, measured: ()


def words_of(reporting: Any, build: BuildRecord) -> Words:
    """The words of a task's reporting module, and for what it does not bring those of its kind."""
    kind = CLASSES if build.labels else TEXT
    constants = {name: name.upper() for name in ("headline", "example", "rebuilt")}
    names = {field.name: field.name for field in fields(Words)} | constants
    return Words(**{field: getattr(reporting, name, getattr(kind, field)) for field, name in names.items()})


def _class_answers(build: BuildRecord) -> str:
    *rest, last = [f"**{label}**" for label in build.labels]
    labels = f"{', '.join(rest)} or {last}" if rest else last
    texts = {1: "one text", 2: "two texts"}.get(len(build.inputs), f"{len(build.inputs)} texts")
    return f"It answers {labels} for {texts} of up to {build.max_length} tokens."


def _class_usage(build: BuildRecord, example: str) -> str:
    return (
        f'```python\nfrom zoosmith import load\n\nmodel = load("{build.name}")\n'
        f"for answer in model.predict([{example}]):\n    print(answer.label, round(answer.score, 3))\n```"
    )


def _class_length(build: BuildRecord) -> str:
    return f"Text longer than {build.max_length} tokens is cut at the end."


def _class_apart(versus: Versus, on: str) -> str:
    agreement, logits = versus.divergence.get("agreement"), versus.divergence.get("max_abs_logit_diff")
    if agreement is None:
        return ""
    lost = "" if versus.lost is None else f": {versus.lost} right answers lost, {versus.won} won"
    gap = "" if logits is None else f"; largest difference of a logit {logits.value:.3g}"
    return f"It gives the reference's answer on {words.percent(agreement.value, 1)}% of the examples{on}{lost}{gap}."


def _text_answers(build: BuildRecord) -> str:
    return f"It continues text and says how likely a text is, with up to {build.max_length:,} tokens of both."


def _text_usage(build: BuildRecord, example: str) -> str:
    return ""


def _text_length(build: BuildRecord) -> str:
    return f"It sees {build.max_length:,} tokens at once: what is further back is forgotten."


def _text_apart(versus: Versus, on: str) -> str:
    told = versus.divergence
    mean, same = told.get("mean_kl"), told.get("same_top1")
    parts = [] if mean is None else [f"a mean KL divergence of {_measured(mean)}"]
    parts += [f"{words.exactly(told['p99_kl'].value, 'nats')} at the 99th percentile"] if "p99_kl" in told else []
    parts += [f"{words.exactly(told['max_kl'].value, 'nats')} at most"] if "max_kl" in told else []
    apart = f"Its next token is apart from the reference's{on} by {', '.join(parts)}." if parts else ""
    likely = (
        ""
        if same is None
        else f"The most likely token is the same on {words.percent(same.value, 1)}% of {same.n:,} {same.n_unit}."
    )
    return " ".join(part for part in (apart, likely) if part)


def _measured(metric: Metric) -> str:
    unit = f" {metric.unit}" if metric.unit not in ("", "share") else ""
    ends = words.interval(metric)
    return f"{words.value(metric)}{unit}" + (f" ({ends})" if ends else "")


CLASSES = Words(
    headline=("macro_f1", "accuracy"),
    example='"Some text."',
    answers=_class_answers,
    usage=_class_usage,
    length=_class_length,
    apart=_class_apart,
    rebuilt="logits on the task's probes are within 0.05 of these",
)
TEXT = Words(
    headline=PREFERRED,
    example='"What is the capital of France?"',
    answers=_text_answers,
    usage=_text_usage,
    length=_text_length,
    apart=_text_apart,
    rebuilt="expectations on the task's probes are within a mean KL divergence of 0.001 nats of these",
)
