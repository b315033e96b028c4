"""Which fold a row of a cross-validation is in: stratified, repeatable, and what belongs together stays together.

Rows that share a key (equal texts, the same person) are one group, and a group is in one fold. Groups come in an order
that their content and the seed decide, the largest first; each goes where its classes are rarest so far.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from zoosmith.contract.errors import ZooError

Stratum = tuple[str, str]
TEXT = "text"  # the key of rows with equal texts
LEFT_OUT = 0  # in place of a fold
LEAST = 2  # rows of a class and split that a choice of fewer rows keeps, so that each training has one to choose by


class Row(NamedTuple):
    """A row as folds see it: its split, its line there from 1 on, its class ("" for none), what it must not part from.

    keys: (what it is, its value), such as ("person", "17"); content: a digest that orders rows.
    """

    split: str
    line: int
    label: str
    keys: tuple[tuple[str, str], ...]
    content: str

    @property
    def stratum(self) -> Stratum:
        """Split and class."""
        return self.split, self.label

    @property
    def place(self) -> str:
        """For messages."""
        return f"row {self.line} of {self.split}"


def groups(rows: Sequence[Row], seed: int) -> list[list[int]]:
    """Indices of rows that hang together, directly or over others, in the order in which they are put into folds."""
    home = list(range(len(rows)))

    def root(i: int) -> int:
        while home[i] != i:
            home[i] = i = home[home[i]]
        return i

    first: dict[tuple[str, str], int] = {}
    for i, row in enumerate(rows):
        for key in row.keys:
            home[root(i)] = root(first.setdefault(key, i))
    found: dict[int, list[int]] = {}
    for i in range(len(rows)):
        found.setdefault(root(i), []).append(i)
    return sorted(found.values(), key=lambda group: (-len(group), min(_order(rows[i], seed) for i in group)))


def _order(row: Row, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{row.split}:{row.content}:{row.label}".encode()).hexdigest()


def assigned(rows: Sequence[Row], folds: int, seed: int, most: int | None = None) -> list[int]:
    """The fold of each row, from 1 to `folds`; LEFT_OUT for what `most` rows leave out. Raises ZooError.

    Each class, and within it each split, is spread evenly; a group of several rows as evenly as groups allow.
    """
    together = groups(rows, seed)
    kept = together if most is None else thinned(rows, together, most)
    refuse_rare(rows, kept, folds)
    totals = _counts(rows, (i for group in kept for i in group))
    load: list[Counter[object]] = [Counter() for _ in range(folds)]
    found = [LEFT_OUT] * len(rows)
    for group in kept:
        added = _counts(rows, group)
        chosen = min(range(folds), key=lambda fold: (*_crowding(load[fold], added, totals), fold))
        load[chosen] += added
        for i in group:
            found[i] = chosen + 1
    return found


def _counts(rows: Sequence[Row], chosen: Iterable[int]) -> Counter[object]:
    """How many rows of each split and class, of each class, and (None) in all."""
    found: Counter[object] = Counter()
    for i in chosen:
        found.update((rows[i].stratum, rows[i].label, None))
    return found


def _crowding(load: Mapping[object, int], added: Mapping[object, int], totals: Mapping[object, int]) -> list[float]:
    """How full a fold is of what a group adds: of its splits and classes, of its classes, of rows at all."""
    parts = [[key for key in added if isinstance(key, kind)] for kind in (tuple, str, type(None))]
    return [sum(load.get(key, 0) * added[key] / totals[key] for key in part) for part in parts]


def thinned(rows: Sequence[Row], together: Sequence[Sequence[int]], most: int) -> list[list[int]]:
    """Whole groups of at most `most` rows in all, each split and class by its share. Raises ZooError for too few."""
    left = quotas(Counter(row.stratum for row in rows), most)
    found = []
    for group in together:
        wanted = Counter(rows[i].stratum for i in group)
        if all(left[stratum] >= n for stratum, n in wanted.items()):
            left -= wanted
            found.append(list(group))
    return found


def quotas(sizes: Mapping[Stratum, int], most: int) -> Counter[Stratum]:
    """How many rows to take of each split and class: in proportion, by largest remainder, LEAST of each at least."""
    least = {stratum: min(LEAST, size) for stratum, size in sizes.items()}
    if most < sum(least.values()):
        raise ZooError(
            f"{most} rows are too few for {LEAST} of each class in each split; "
            f"take `--rows {sum(least.values())}` or more"
        )
    if most >= sum(sizes.values()):
        return Counter(sizes)
    shared, room = dict(sizes), most
    while scarce := [s for s in shared if room * shared[s] < least[s] * sum(shared.values())]:
        room -= sum(least[s] for s in scarce)
        shared = {s: size for s, size in shared.items() if s not in scarce}
    found = Counter({s: least[s] for s in sizes if s not in shared})
    return found + _in_proportion(shared, room)


def _in_proportion(sizes: Mapping[Stratum, int], most: int) -> Counter[Stratum]:
    """`most` divided by size; what rounding down leaves goes to the largest remainders."""
    whole = sum(sizes.values())
    found = Counter({stratum: most * size // whole for stratum, size in sizes.items()})
    by_remainder = sorted(sizes, key=lambda stratum: (-(most * sizes[stratum] % whole), stratum))
    found.update(by_remainder[: most - found.total()])
    return found


def refuse_rare(rows: Sequence[Row], kept: Sequence[Sequence[int]], folds: int) -> None:
    """Raise ZooError for a class that has fewer rows, or groups of rows, than there are folds."""
    held = Counter(label for group in kept for label in {rows[i].label for i in group})
    for label, n in sorted(held.items(), key=lambda item: (item[1], item[0])):
        if n < folds:
            named = f"the class {label!r} has" if label else "there are"
            what = "rows" if all(len(group) == 1 for group in kept) else "groups of rows that must not part"
            cure = f"take `--folds {n}`, or more rows" if n > 1 else "more rows are needed"
            raise ZooError(f"{named} {n} {what}, fewer than {folds} folds; {cure}")


def refuse_shared(rows: Sequence[Row], folds: Sequence[int]) -> None:
    """Raise ZooError, naming both rows, where rows that share a key are in two folds: what is learnt would be asked."""
    first: dict[tuple[str, str], int] = {}
    for i, row in enumerate(rows):
        for key in row.keys if folds[i] != LEFT_OUT else ():
            other = first.setdefault(key, i)
            if folds[other] != folds[i]:
                what = "the same texts" if key[0] == TEXT else f"the {key[0]} {key[1]!r}"
                raise ZooError(
                    f"{rows[other].place} and {row.place} share {what}, and are in the folds {folds[other]} and "
                    f"{folds[i]}: a model would be asked what it has learnt; put both into one fold"
                )


def refuse_bare(rows: Sequence[Row], folds: Sequence[int]) -> None:
    """Raise ZooError for a fold that holds no row of some class: its figures would be of other classes."""
    held = {(fold, row.label) for row, fold in zip(rows, folds, strict=True) if fold != LEFT_OUT}
    for fold in sorted({fold for fold, _ in held}):
        for label in sorted({label for _, label in held}):
            if (fold, label) not in held:
                raise ZooError(f"fold {fold} holds no row of the class {label!r}; take fewer folds, or smaller groups")
