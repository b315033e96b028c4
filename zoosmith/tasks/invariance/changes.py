"""Changes of a pair of texts that must not change the answer to it.

`case`, `accents` and `spacing` change one of the two, as where two registers write differently: the second, or the
first where the second stays as it is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

Pair = tuple[str, ...]
STROKES = str.maketrans("øØłŁđĐ", "oOlLdD")  # letters with strokes, which no accent is taken off by decomposing


def changed(change: str, pair: Pair) -> Pair | None:
    """The pair that is asked about instead; None where the change leaves the pair as it is."""
    made = CHANGES[change](pair)
    return None if made == pair else made


def swapped(pair: Pair) -> Pair:
    """The two the other way round."""
    return pair[1], pair[0]


def identical(pair: Pair) -> Pair:
    """The first text beside itself."""
    return pair[0], pair[0]


def capitals(text: str) -> str:
    """In capitals; what is in capitals already, in small letters. Georgian stays: its capitals are for headlines."""
    upper = "".join(c if "ა" <= c <= "ჿ" else c.upper() for c in text)
    return upper if upper != text else text.lower()


def without_accents(text: str) -> str:
    """Latin letters without their accents and strokes; other scripts stay, in which marks are letters."""
    return "".join(_bare(c) for c in unicodedata.normalize("NFC", text)).translate(STROKES)


def wide(text: str) -> str:
    """Two spaces for each one, and one at either end."""
    return f" {text.replace(' ', '  ')} "


def _bare(letter: str) -> str:
    first = unicodedata.normalize("NFD", letter)[:1]
    return first if first.isascii() and first.isalpha() else letter


def _one_of_two(written: Callable[[str], str]) -> Callable[[Pair], Pair]:
    def change(pair: Pair) -> Pair:
        second = (pair[0], written(pair[1]))
        return second if second != pair else (written(pair[0]), pair[1])

    return change


CHANGES: dict[str, Callable[[Pair], Pair]] = {
    "swapped": swapped,
    "identical": identical,
    "case": _one_of_two(capitals),
    "accents": _one_of_two(without_accents),
    "spacing": _one_of_two(wide),
}
