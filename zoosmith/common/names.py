"""Names: what is allowed, and the nearest known one for a misspelt one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

IDENTIFIER = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint such as "; did you mean 'eval'?", or the known names when none is near, or ""."""
    names = sorted(set(known))
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    if not names:
        return ""
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"; known: {shown}"


def full_name(recipe: str, artifact: str) -> str:
    """Name of an artifact everywhere outside its recipe: `<recipe>-<artifact>`."""
    return f"{recipe}-{artifact}"


def index_of(label: str, labels: Sequence[str]) -> int | None:
    """Which of `labels` is meant: the same name, or else the only one that differs by case alone. None for no such."""
    if label in labels:
        return labels.index(label)
    alike = [i for i, name in enumerate(labels) if name.casefold() == label.casefold()]
    return alike[0] if len(alike) == 1 else None


def places_in(labels: Sequence[str], wanted: Sequence[str]) -> list[int] | None:
    """Index in `labels` of each wanted name, as `index_of` finds it; None where the two are not the same names."""
    found = [i for name in wanted if (i := index_of(name, labels)) is not None]
    return found if len(found) == len(wanted) and sorted(found) == list(range(len(labels))) else None


def folded(labels: Sequence[str]) -> list[str]:
    """The names in small letters, or as they are where two differ by case alone."""
    lower = [name.casefold() for name in labels]
    return lower if len(set(lower)) == len(lower) else list(labels)
