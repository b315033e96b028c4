"""The studies' headline figures and our goals, each with ours and a verdict by rule.

A published figure has no interval, so it is taken as exact: it is beaten where our whole 95 % interval is better, not
beaten where none of it is, and otherwise not decidable. A figure of ours that has no error, such as a count, is its own
interval; one whose error nothing tells is not decidable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

from benchmarks._published import IMDB, LORA_TRAINED, N1, N2, N6, N7, N8, SST2, B, faster, points
from benchmarks._recorded import Ours, Range, Shelf
from zoosmith.records.claims import MEMORY_SHARE

Verdict = Literal["beaten", "not beaten", "not decidable", "not recorded"]
TIMES, POINTS, SHARE = ("{:.2f}", "x"), ("{:+.2f}", " points"), ("{:.2f}", " %")
CHANCE = 50.0  # percent, of two classes
QLORA_CHANGE = points(N8[1], N8[0])


class Figure(NamedTuple):
    """One figure of a target: texts for people, the verdict by rule. `published` may be a goal of our own."""

    what: str
    published: str
    ours: str
    verdict: Verdict


class Question(NamedTuple):
    """Whether `measure(artifact, against)` is more than a bound (with `less`, less); `form` and unit write both.

    published: what to say where that is not the bound.
    """

    what: str
    bound: float
    form: tuple[str, str]
    measure: Callable[[Ours, Ours], Range | None]
    artifact: str
    against: str
    family: str = SST2
    less: bool = False
    published: str = ""


class Target(NamedTuple):
    """What is to be beaten; it is where each of its figures is."""

    name: str
    questions: tuple[Question, ...]


def judge(bound: float, found: Range, *, less: bool = False) -> Verdict:
    """Whether `found` is shown to be more than the bound; with `less`, less."""
    if not found.sure or found.low is None or found.high is None:
        return "not decidable"
    better, worse = (found.high < bound, found.low >= bound) if less else (found.low > bound, found.high <= bound)
    return "beaten" if better else "not beaten" if worse else "not decidable"


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict on all: one that is not beaten settles it, then what is missing, then what is open."""
    order: tuple[Verdict, ...] = ("not beaten", "not recorded", "not decidable", "beaten")
    return min(verdicts, key=order.index)


def answer(shelf: Shelf, question: Question) -> Figure:
    """What the records say to a question."""
    published = question.published or Range(question.bound, question.bound, question.bound).text(*question.form)
    names = dict.fromkeys((question.artifact, question.against))
    missing = [shelf.missing(question.family, name) for name in names if shelf.find(question.family, name) is None]
    one, other = (shelf.find(question.family, name) for name in (question.artifact, question.against))
    if one is None or other is None:
        return Figure(question.what, published, f"not recorded: {', '.join(missing)}", "not recorded")
    found = question.measure(one, other)
    if found is None:
        return Figure(question.what, published, "the records tell nothing comparable", "not decidable")
    verdict = judge(question.bound, found, less=question.less)
    return Figure(question.what, published, found.text(*question.form), verdict)


def accuracy(one: Ours, other: Ours) -> Range | None:
    """Percent."""
    found = one.accuracy
    return Range(100 * found.value, 100 * found.low, 100 * found.high)


def accuracy_share(one: Ours, other: Ours) -> Range | None:
    """Percent of the other's accuracy, which is taken as exact; the bounds are those of the paired difference."""
    change, whole = one.change(other), 100 * other.accuracy.value
    if change is None:
        return None
    low, high = (None if bound is None else 100 * (whole + bound) / whole for bound in (change.low, change.high))
    return Range(100 * (whole + change.value) / whole, low, high)


def trained_share(one: Ours, other: Ours) -> Range | None:
    """Percent; a count, so without error."""
    share = one.trained_share
    return None if share is None else Range(100 * share, 100 * share, 100 * share)


def memory(one: Ours, other: Ours) -> Range | None:
    """Peaks of both; one run tells no interval, so its bounds are how far `doit reproduce` lets a peak be off."""
    mine, theirs = one.figures, other.figures
    if (mine.host, mine.threads) != (theirs.host, theirs.threads):
        return None
    value = mine.memory_peak / theirs.memory_peak
    note = f"{mine.memory_peak} and {theirs.memory_peak} MiB, bounds of {100 * MEMORY_SHARE:.0f} %"
    return Range(value, value * (1 - MEMORY_SHARE), value * (1 + MEMORY_SHARE), note)


def _change(artifact: str, against: str, bound: float, published: str = "") -> Question:
    return Question(f"accuracy against {against}", bound, POINTS, Ours.change, artifact, against, published=published)


def _speed(artifact: str, against: str, bound: float) -> Question:
    return Question(f"speed against {against}", bound, TIMES, Ours.speed, artifact, against)


TARGETS = (
    Target(
        "PyTorch dynamic INT8 (n1)",
        (
            _speed("torch-int8", "fp32", faster(N1[0], N1[1])),
            _change("torch-int8", "fp32", points(N1[1], N1[0])),
        ),
    ),
    Target(
        "ONNX Runtime INT8 (n6)",
        (
            _speed("onnx-int8", "onnx-fp32", faster(N6[0], N6[1])),
            _change("onnx-int8", "onnx-fp32", points(N6[1], N6[0])),
        ),
    ),
    Target(
        "50 % pruned + INT8 (n2)",
        (
            _change("pruned50-int8", "fp32", points(N2[2], N1[0])),
            Question(
                "memory against 30 %, less is better", float(N2[2].resident) / float(N2[0].resident), TIMES, memory,
                "pruned50-int8", "pruned30-int8", less=True,
            ),
        ),
    ),
    Target(
        "LoRA r=8 (B, n7)",
        (
            Question(
                "accuracy as a share of full fine-tuning's, IMDB", 100 * float(B[1].accuracy) / float(B[0].accuracy),
                SHARE, accuracy_share, "lora-r8", "finetune", IMDB,
            ),
            Question(
                "share of parameters trained, SST-2, less is better", LORA_TRAINED, SHARE, trained_share,
                "lora-r8", "lora-r8", less=True,
            ),
        ),
    ),
    Target("QLoRA r=16 of BERT-base (n8), on query and value", (_change("qlora-r16", "finetune", QLORA_CHANGE),)),
    Target("QLoRA r=16 of BERT-base (n8), on all layers", (_change("qlora-r16-all", "finetune", QLORA_CHANGE),)),
    Target(
        "QLoRA of DistilBERT (n7)",
        (
            Question(
                "trains: accuracy above chance; DistilBERT itself in a test, see n7", CHANCE, SHARE, accuracy,
                "qlora-r8", "qlora-r8", published=N7[1].said,
            ),
        ),
    ),
    Target(
        "structured + INT8 (goal)",
        (
            Question(
                "latency as a share of onnx-int8's", 0.45, ("{:.2f}", ""), Ours.latency_share,
                "structured-int8", "onnx-int8", less=True, published="goal: below 0.45",
            ),
            _change("structured-int8", "fp32", -1.0, "goal: above -1 point"),
        ),
    ),
    Target(
        "recovery after INT8 with a scale per tensor (goal)",
        (
            Question(
                "what INT8 lost: accuracy against lora-r8", 0.0, POINTS, Ours.change, "lora-r8-int8", "lora-r8",
                less=True, published="below 0, or there is nothing to regain",
            ),
            _change("lora-r8-int8-recovered", "lora-r8-int8", 0.0, "goal: a gain"),
        ),
    ),
)  # fmt: skip
