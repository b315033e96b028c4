"""Other Latin spellings of a name than those of anyascii, as registers of different countries write them.

Sources: Cyrillic by ISO 9:1995 without diacritics, ICAO Doc 9303 part 3 and the habits of German and French
registers; Greek by ELOT 743; Latin letters with a sign by ICAO Doc 9303 part 3, table 6.A.
"""

from __future__ import annotations

import random

OTHER: dict[str, tuple[str, ...]] = {
    # Latin
    "ä": ("ae",), "ö": ("oe",), "ü": ("ue",), "ß": ("ss",), "å": ("aa",), "ø": ("oe",), "æ": ("ae",), "ñ": ("n", "ny"),
    # Cyrillic
    "в": ("v", "w"), "г": ("g", "h"), "е": ("e", "ye"), "ё": ("e", "yo", "jo"), "ж": ("zh", "j"), "й": ("y", "i", "j"),
    "х": ("kh", "h", "ch"), "ц": ("ts", "c", "tz"), "ч": ("ch", "tch"), "ш": ("sh", "sch"), "щ": ("shch", "sch"),
    "ъ": ("", "a"), "ы": ("y", "i"), "ь": ("",), "э": ("e",), "ю": ("yu", "iu", "ju"), "я": ("ya", "ia", "ja"),
    "і": ("i",), "ї": ("i", "yi"), "є": ("ie", "ye"), "и": ("y", "i"),
    # Greek
    "β": ("v", "b"), "γ": ("g", "y"), "η": ("i",), "ι": ("i",), "υ": ("y", "i"), "φ": ("f", "ph"), "χ": ("ch", "h"),
    "ξ": ("x", "ks"), "κ": ("k", "c"), "δ": ("d",), "ω": ("o",),
}  # fmt: skip


def other_spelling(part: str, seed: int) -> str:
    """The part in Latin letters, each sign the same way throughout; those without another spelling by anyascii."""
    from anyascii import anyascii

    rng = random.Random(seed)
    ways = {sign: rng.choice(spellings) for sign, spellings in OTHER.items()}
    return "".join(_cased(ways[sign.lower()], sign) if sign.lower() in ways else anyascii(sign) for sign in part)


def _cased(spelling: str, sign: str) -> str:
    return spelling if sign.islower() else spelling.capitalize()
