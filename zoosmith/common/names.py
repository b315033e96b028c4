"""Names: what is allowed, and the nearest known one for a misspelt one."""

from __future__ import annotations

import re
from collections.abc import Iterable
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
