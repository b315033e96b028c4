"""Rows into train, dev and test by what they say: twins stay together, classes keep their shares.

A row's split hangs on its text and its class's other texts, not on its place in the table, so sorted tables are no
trap, and the same table is always split alike.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from zoosmith.app.cli.starting.survey import Labelled, same

SPLITS = ("train", "dev", "test")
HELD = 0.1  # of each class's texts in dev, and as many in test
FEWEST_TEXTS = 3  # of a class that is to stand in all splits


def divided(rows: Sequence[Labelled]) -> dict[str, list[Labelled]]:
    """Rows by split, in their order; a class of fewer than three texts is in `train` alone."""
    where = _places(rows)
    found: dict[str, list[Labelled]] = {split: [] for split in SPLITS}
    for row in rows:
        found[where[same(row.text)]].append(row)
    return found


def _places(rows: Sequence[Labelled]) -> dict[str, str]:
    """Split of each text. A text with several labels counts for the first of them."""
    texts: dict[str, list[str]] = defaultdict(list)
    seen: set[str] = set()
    for row in rows:
        text = same(row.text)
        if text not in seen:
            seen.add(text)
            texts[row.label].append(text)
    return {text: split for each in texts.values() for text, split in _of_class(each)}


def _of_class(texts: list[str]) -> list[tuple[str, str]]:
    ordered = sorted(texts, key=lambda text: hashlib.sha256(text.encode("utf-8", "replace")).digest())
    held = max(1, round(HELD * len(ordered))) if len(ordered) >= FEWEST_TEXTS else 0
    names = ["test"] * held + ["dev"] * held + ["train"] * (len(ordered) - 2 * held)
    return list(zip(ordered, names, strict=True))
