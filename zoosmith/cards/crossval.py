"""A cross-validation in words: a table for the terminal, a line for the card."""

from __future__ import annotations

from zoosmith.recipes.schema import SPLITS_FOR_BUILDERS
from zoosmith.records import words
from zoosmith.records.crossval import CrossValidation, FoldMean

CAVEAT = "folds share training rows, so the interval is rather too narrow"


def table(found: CrossValidation) -> list[list[str]]:
    """Rows of text: a head, one a fold, then mean, standard deviation and interval of each metric."""
    names = list(found.mean)
    head = ["fold", "n", *(_head(name, found.mean[name]) for name in names)]
    body = [[str(f.fold), str(f.n), *(words.value(f.metrics[name]) for name in names)] for f in found.folds]
    total = str(sum(fold.n for fold in found.folds))
    means = [found.mean[name] for name in names]
    return [
        head,
        *body,
        ["mean", total, *(words.number(m.value, m.unit) for m in means)],
        ["std dev", "", *(words.number(m.sd, m.unit) for m in means)],
        ["95 % of the mean", "", *(_ends(m) for m in means)],
    ]


def remarks(found: CrossValidation) -> list[str]:
    """What is to be known beside the table."""
    rows = f"{found.rows:,} of {found.rows_total:,} rows" if found.rows < found.rows_total else f"{found.rows:,} rows"
    split = f"; no two folds share a {' or '.join(found.group)}" if found.group else ""
    told = [
        f"{found.name}: {found.k} folds of {rows} of {_splits(found)}, each trained anew"
        f"{_trained_on(found)}{split}; {CAVEAT}."
    ]
    if found.learnt_before:
        told.append(
            f"It is made from {', '.join(found.learnt_before)}, trained on these rows, the held-out ones too: "
            "the figures are of what its own training adds, and too good for what new rows would get."
        )
    return told


def line(found: CrossValidation) -> str:
    """The card's line: each metric with its interval and spread."""
    told = "; ".join(
        f"{name} {words.number(mean.value, mean.unit)} ({_ends(mean)}), standard deviation "
        f"{words.number(mean.sd, mean.unit)}"
        for name, mean in found.mean.items()
    )
    before = f" {', '.join(found.learnt_before)} had learnt from all of them before." if found.learnt_before else ""
    rows = f"{found.rows:,} of {found.rows_total:,}" if found.rows < found.rows_total else f"{found.rows:,}"
    return (
        f"Cross-validated in {found.k} folds of {rows} rows of {_splits(found)}, trained anew for "
        f"each{_trained_on(found)} and scored on the rows held out: {told}. The brackets hold 95 % of the mean "
        f"by Student's t over folds; {CAVEAT}.{before}"
    )


def _splits(found: CrossValidation) -> str:
    return " and ".join(split for split in SPLITS_FOR_BUILDERS if split in found.splits)


def _trained_on(found: CrossValidation) -> str:
    """How many rows a training learnt from, where its builder says so."""
    told = {fold.trained_on for fold in found.folds}
    known = sorted(n for n in told if n is not None)
    if not known or len(known) < len(told):
        return ""
    return f" on {known[0]:,} rows" if len(known) == 1 else f" on {known[0]:,} to {known[-1]:,} rows"


def _head(name: str, mean: FoldMean) -> str:
    return name if mean.unit in ("share", "") else f"{name}, {mean.unit}"


def _ends(mean: FoldMean) -> str:
    return f"{words.number(mean.low, mean.unit)} to {words.number(mean.high, mean.unit)}"
