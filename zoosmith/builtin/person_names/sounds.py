"""Names that sound alike: Stephen and Steven, Jacques and Jaques. Whether they name one person is left open."""

from __future__ import annotations

import re

# Spellings of one sound, in this order: each is replaced by its last form.
SAME = (
    ("ph", "f"), ("th", "t"), ("gh", "g"), ("kh", "k"), ("rh", "r"), ("sch", "s"), ("sh", "s"), ("ch", "k"),
    ("ck", "k"), ("cz", "k"), ("qu", "k"), ("q", "k"), ("c", "k"), ("x", "ks"), ("z", "s"), ("w", "v"), ("y", "i"),
    ("ei", "i"), ("ie", "i"), ("ai", "e"), ("ae", "e"), ("oe", "o"), ("ou", "u"), ("oo", "u"), ("ee", "i"),
    ("dt", "t"), ("pf", "f"), ("j", "i"),
)  # fmt: skip


def sound(key: str) -> str:
    """A key with one spelling for each sound, without double letters, silent h and final e."""
    for spelling, plain in SAME:
        key = key.replace(spelling, plain)
    key = re.sub(r"(.)\1+", r"\1", key)
    return key[:1] + key[1:].replace("h", "").removesuffix("e")
