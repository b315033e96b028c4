"""What a table of texts and labels holds, before anything is learnt from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from zoosmith.contract.errors import ZooError
from zoosmith.sources.faults import BadRow
from zoosmith.sources.labels import missing, require_name
from zoosmith.sources.seen_labels import alike, differ, is_number

FEWEST = 10  # rows of a class below which its figures mean little
LONG_WORDS = 100  # about 128 tokens of English
SHOWN = 5


class Labelled(NamedTuple):
    """A text and its class, as the table has them."""

    text: str
    label: str


@dataclass
class Survey:
    """The rows that can be used, and what was found on the way.

    rows: in the order of the table. empty: places of rows without a text or a label, which are left out; marks: what
    marked missing labels, and how often. twins: rows whose text stands further up with the same label; differing: texts
    that stand with several labels.
    """

    rows: list[Labelled] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    marks: Counter[str] = field(default_factory=Counter)
    twins: int = 0
    differing: list[str] = field(default_factory=list)

    @property
    def classes(self) -> Counter[str]:
        """How many rows each class has."""
        return Counter(row.label for row in self.rows)

    @property
    def long(self) -> float:
        """The share of texts that are longer than what is read of them."""
        return sum(len(row.text.split()) > LONG_WORDS for row in self.rows) / len(self.rows)

    def lines(self) -> Iterator[str]:
        """It in words."""
        yield f"{len(self.rows):,} rows of {len(self.classes)} classes:"
        for label, count in self.classes.most_common():
            few = f"  (fewer than {FEWEST}: what is measured of it will mean little)" if count < FEWEST else ""
            yield f"  {count:>8,}  {label}{few}"
        if self.empty:
            yield f"left out: {len(self.empty):,} rows without a text or a label, {_some(self.empty)}"
        for mark, count in self.marks.items():
            yield f"  {count:,} of them have the label {mark!r}, which marks a missing one"
        if self.twins:
            yield f"{self.twins:,} rows have the text of another: twins stay in one split, so that none is asked again"
        if self.differing:
            told = _some([f"{text[:40]!r}" for text in self.differing])
            texts = "1 text has" if len(self.differing) == 1 else f"{len(self.differing):,} texts have"
            yield f"{texts} more than one label, such as {told}: nobody can get both right"
        if self.long >= 0.05:
            yield f"{100 * self.long:.0f}% of the texts have over {LONG_WORDS} words and are cut: raise `max_length`"


def surveyed(rows: Iterable[tuple[str, object, object]], where: str) -> Survey:
    """Look at (place, text, label) of each row. Raises ZooError for a table without two classes to tell apart.

    Also for labels of which nobody can say whether they are one class or two, and for what no text file holds.
    """
    found, labels = Survey(), dict[str, set[str]]()
    for place, text, told in rows:
        label = int(told) if isinstance(told, float) and told.is_integer() else told
        mark = missing(label)
        if mark or not (isinstance(text, str) and text.strip()):
            found.empty.append(place)
            found.marks.update([str(label).strip()] if mark and str(label or "").strip() else [])
            continue
        row = _checked(text, label, place)
        known = labels.setdefault(same(text), set())
        found.twins += row.label in known
        known.add(row.label)
        found.rows.append(row)
    found.differing = [text for text, several in labels.items() if len(several) > 1]
    _refuse_doubtful(found, where)
    if len(found.classes) < 2:
        only = f"only {next(iter(found.classes))!r}" if found.classes else "none"
        raise ZooError(f"{where}: there are no two classes to tell apart: {only} in {len(found.rows):,} rows")
    return found


def _checked(text: str, label: object, place: str) -> Labelled:
    """The row with its label as text. Raises ZooError for a label that names no class, and for half a character."""
    try:
        require_name(label)
        row = Labelled(text, str(label).strip())
        "".join(row).encode()
    except BadRow as error:
        raise ZooError(f"{place}: {error}") from None
    except UnicodeEncodeError as error:
        lone = f"U+{ord(error.object[error.start]):04X}"
        raise ZooError(f"{place}: half a character (the lone surrogate {lone}), which UTF-8 cannot hold") from None
    return row


def _refuse_doubtful(found: Survey, where: str) -> None:
    """Raise ZooError for labels that look alike, and for -1 among numbers: what is meant, the table must say."""
    classes = found.classes
    for one, other in alike(classes):
        raise ZooError(
            f"{where}: {differ(one, other)} ({classes[one]:,} and {classes[other]:,} rows): write them alike; if they "
            "are two classes, call one of them otherwise"
        )
    if (count := sum(found.marks[mark] for mark in ("-1", "-1.0"))) and all(map(is_number, classes)):
        raise ZooError(
            f"{where}: the label -1 of {count:,} rows may be a class, or mark a missing label: name the classes in "
            "words, or leave these rows out"
        )


def same(text: str) -> str:
    """What two texts share that are one to a reader: neither case nor white space counts."""
    return " ".join(text.casefold().split())


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
