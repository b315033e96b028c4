"""Two versions asked the same real inputs: whether the new one may take the place of the other.

With labels the difference of right answers is paired, example by example (`zoosmith.stats.paired`), and the verdict is
that of cards: a gain, no loss over the margin, a loss, or not decidable at this number. Without labels only agreement
is known: the share of inputs that both answer alike, with its interval, held against the least that is asked for.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from zoosmith.common.names import index_of, nearest
from zoosmith.contract.errors import ZooError
from zoosmith.records.scores import Difference, Metric
from zoosmith.records.verdicts import verdict
from zoosmith.sources.faults import Faults
from zoosmith.sources.labels import missing
from zoosmith.stats import paired
from zoosmith.stats.f1_intervals import Joint
from zoosmith.stats.intervals import Estimate, proportion

if TYPE_CHECKING:
    from zoosmith.predictor import Predictor
    from zoosmith.sources.table import Table

READ = (".csv", ".tsv", ".jsonl", ".parquet")
LABEL = "label"
AGREEMENT = 0.98  # the least where neither the call nor the recipe says one
NO_ANSWER = ""
Say = Literal["promote", "hold", "undecided"]


class Row(NamedTuple):
    """One input as the task takes it, and its true label, None where there is none."""

    value: Any
    label: str | None


@dataclass
class Side:
    """What one version answered: a text each, "" where it could not; milliseconds each; how many failed."""

    title: str
    answers: list[str] = field(default_factory=list)
    ms: list[float] = field(default_factory=list)
    errors: int = 0

    def ask(self, model: Predictor, value: Any) -> None:
        """Ask it one input."""
        begun = time.perf_counter()
        try:
            [answer] = model.predict([value])
            self.answers.append(str(getattr(answer, "label", None) or getattr(answer, "text", answer)))
        except ZooError:
            self.answers.append(NO_ANSWER)
            self.errors += 1
        self.ms.append((time.perf_counter() - begun) * 1e3)

    def percentile(self, share: float) -> float:
        """Milliseconds that this share of the calls took at most."""
        return (
            quantiles(self.ms, n=1000, method="inclusive")[round(share * 1000) - 1] if len(self.ms) > 1 else self.ms[0]
        )


@dataclass(frozen=True)
class Canary:
    """What was found. `figures` go by the names that conditions have; `says` and `why` are the verdict."""

    version: str
    against: str
    n: int
    labelled: bool
    figures: dict[str, float]
    change: dict[str, Difference]
    agreement: Estimate
    says: Say
    why: str


def rows(
    table: Table,
    inputs: Sequence[str],
    columns: Mapping[str, str],
    label: str | None,
    classes: Sequence[str] = (),
    most: int | None = None,
) -> Iterator[Row]:
    """The rows of a table as the task takes them, the first `most`. Raises ZooError naming the row for what lacks.

    label: the column of true labels; None for no labels. classes: what the versions can answer; none for free text. A
    row without a value or label, or with a label that no version has, would count as an error of both: such are told
    once all are read.
    """
    faults = Faults()
    for number, row in islice(table.read(), most):
        for column in (*(columns[name] for name in inputs), *([label] if label else ())):
            if column not in row:
                raise ZooError(
                    f"{table.place(number)}: there is no column {column!r}{nearest(column, row)}; "
                    "`--column INPUT=COLUMN` and `--label COLUMN` say which ones to take"
                )
        values = tuple(row[columns[name]] for name in inputs)
        true = _true(row[label], table, classes) if label else None
        for column in (columns[name] for name in inputs):
            if _is_nothing(row[column]):
                faults.add(table.place(number), f"column {column!r} is null or NaN: leave such rows out, or fill them")
        if label and (fault := _fault(row[label], true, classes)):
            faults.add(table.place(number), fault)
        yield Row(values if len(values) > 1 else values[0], true)
    faults.refuse()


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _true(value: Any, table: Table, classes: Sequence[str]) -> str:
    """The label as the versions write it: by the table's own class names, and whatever its case where that is clear."""
    index = value if isinstance(value, int) and not isinstance(value, bool) else -1
    text = table.labels[index] if 0 <= index < len(table.labels) else str(value)
    found = index_of(text.strip(), classes)
    return text if found is None else classes[found]


def _fault(value: Any, true: str | None, classes: Sequence[str]) -> str | None:
    """What is wrong with a row's label."""
    if true in classes:
        return None
    if mark := missing(value):
        return f"the label is {mark}, which marks a missing one: leave such rows out, or compare with `--label -`"
    return f"no version answers {value!r}{nearest(str(value), classes)}" if classes else None


def has_labels(table: Table, column: str = LABEL) -> bool:
    """Whether the first row has the column."""
    return any(column in row for _, row in [next(iter(table.read()), (0, {}))])


def require_file(file: Path) -> None:
    """Raise ZooError for a file that is not there or of another kind, before anything is fetched or opened."""
    if file.suffix.lower() not in READ:
        raise ZooError(f"--data {file}: its name should end in {', '.join(READ)}")
    if not file.is_file():
        beside = [path.name for path in file.absolute().parent.glob("*") if path.suffix.lower() in READ]
        raise ZooError(f"--data {file}: no such file{nearest(file.name, beside)}")


def table_of(file: Path, columns: Mapping[str, str], say: Callable[[str], None]) -> Table:
    """The table in a file. Raises ZooError as `require_file` does."""
    from zoosmith.sources.tables import READERS

    require_file(file)
    return READERS[file.suffix.lower()](file, dict(columns), say)


def ask_both(
    new: Predictor, old: Predictor, asked: Sequence[Row], titles: tuple[str, str], tick: Callable[[int], None]
) -> tuple[Side, Side]:
    """Ask both every input, taking turns at being first, so that neither finds the machine warmer."""
    mine, theirs = Side(titles[0]), Side(titles[1])
    for number, row in enumerate(asked):
        turns = [(mine, new), (theirs, old)]
        for side, model in turns if number % 2 == 0 else reversed(turns):
            side.ask(model, row.value)
        tick(1)
    return mine, theirs


def judge(
    mine: Side,
    theirs: Side,
    true: Sequence[str] | None,
    *,
    margin: float | None = None,
    least: float | None = None,
    classes: Sequence[str] = (),
) -> Canary:
    """The verdict on what two versions answered to the same inputs; `true` are their labels, None for none.

    margin: the loss of accuracy that matters, as a share; least: the agreement that is asked for without labels.
    classes: those of the versions, whose names may differ by case alone; without any, case says nothing.
    Raises ZooError for no inputs.
    """
    n = len(mine.answers)
    if n == 0:
        raise ZooError("the data holds no rows: nothing was asked")
    new, old = _names(mine.answers, classes), _names(theirs.answers, classes)
    pairs = zip(new, old, strict=True) if classes else zip(mine.answers, theirs.answers, strict=True)
    alike = proportion(sum(a == b and a != NO_ANSWER for a, b in pairs), n)
    figures = {"n": float(n), "agreement": alike.value, "errors": float(mine.errors - theirs.errors)}
    for name, share in (("p50_ms", 0.5), ("p95_ms", 0.95)):
        figures |= {name: mine.percentile(share), f"{name}_ratio": mine.percentile(share) / theirs.percentile(share)}
    if true is None:
        says, why = _by_agreement(alike, AGREEMENT if least is None else least)
        return Canary(mine.title, theirs.title, n, False, figures, {}, alike, says, why)
    right = _names(true, classes)
    joint = _joint(right, old, new)
    found = {name: Difference.of(told, p=p) for name, (told, p) in paired.deltas(joint).items()}
    accuracy = proportion(sum(a == b for a, b in zip(right, new, strict=True)), n)
    figures |= {"accuracy": accuracy.value} | {f"{name}_change": told.value for name, told in found.items()}
    says, why = _by_labels(accuracy, found, sum(paired.discordant(joint)), margin)
    return Canary(mine.title, theirs.title, n, True, figures, found, alike, says, why)


def _names(texts: Sequence[str], classes: Sequence[str]) -> list[str]:
    """What is compared: a class by its own name, a text without its case."""
    if not classes:
        return [text.strip().casefold() for text in texts]
    return [text if (i := index_of(text, classes)) is None else classes[i] for text in texts]


def _joint(true: Sequence[str], before: Sequence[str], after: Sequence[str]) -> Joint:
    """Counts of (true, before, after) as indices of all that was said."""
    index = {name: number for number, name in enumerate(sorted({*true, *before, *after}))}
    return Counter((index[a], index[b], index[c]) for a, b, c in zip(true, before, after, strict=True))


def _by_labels(
    right: Estimate, found: Mapping[str, Difference], discordant: int, margin: float | None
) -> tuple[Say, str]:
    accuracy = Metric(value=right.value, low=right.low, high=right.high, n=right.n, margin=margin)
    told = {name: verdict(found[name], accuracy, right.n, discordant) for name in ("accuracy", "macro_f1")}
    for name, each in told.items():
        if each.kind == "loss":
            return "hold", f"{name}: {each.text}"
    says: Say = "undecided" if told["accuracy"].kind == "undecided" else "promote"
    return says, f"accuracy: {told['accuracy'].text}"


def _by_agreement(alike: Estimate, least: float) -> tuple[Say, str]:
    told = f"{alike.low:.4f} to {alike.high:.4f} of the inputs are answered alike; asked for are {least:g}"
    if alike.low >= least:
        return "promote", told
    return ("hold" if alike.high < least else "undecided"), told
