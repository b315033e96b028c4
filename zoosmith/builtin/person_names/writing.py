"""A name on the page: order, case, accents, script, punctuation and spaces. None of them changes what it says."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from zoosmith.builtin.person_names.romanise import other_spelling
from zoosmith.builtin.person_names.text import PARTICLES, Name, key, pick

CASES = {"title": 60, "lower": 12, "upper": 12, "upper-surname": 16}
ORDERS = {"plain": 55, "comma": 25, "swapped": 20}
JOINTS = ("as is", "as is", "joined", "spaced", "hyphened", "dropped")


@dataclass(frozen=True)
class Layout:
    """How a Name is written.

    ascii: transliterated, without accents; spelling: seed of another Latin spelling than anyascii's, 0 for that;
    bare: without punctuation; joint: how the words of a part are put together, "dropped" without particles;
    spaces: what stands between parts.
    """

    order: str = "plain"
    case: str = "title"
    ascii: bool = False
    bare: bool = False
    spelling: int = 0
    joint: str = "as is"
    spaces: str = " "


def draw_layout(rng: random.Random, ascii_share: float) -> Layout:
    """A random Layout; ascii_share is how often the name is transliterated."""
    spaces = "  " if rng.random() < 0.04 else " "
    spelling = rng.randrange(1, 100) if rng.random() < 0.3 else 0
    return Layout(
        pick(ORDERS, rng), pick(CASES, rng), rng.random() < ascii_share, rng.random() < 0.3, spelling, spaces=spaces
    )


def write(name: Name, layout: Layout) -> str:
    """The name as text. "swapped" is used for two parts only, and a single part has no order."""
    forename, middle, surname = (_letters(part, layout) for part in name[:3])
    surname = upper(surname) if layout.case == "upper-surname" else surname
    given, space = layout.spaces.join(part for part in (forename, middle) if part), layout.spaces
    order = "plain" if not given or not surname or (layout.order == "swapped" and middle) else layout.order
    title, suffix = _mark(name.title, layout), _mark(name.suffix, layout)
    if order == "comma":
        text = f"{surname},{space}{_line(title, given)}" + (f", {suffix}" if suffix else "")
    else:
        text = _line(title, *((surname, given) if order == "swapped" else (given, surname)), suffix, space=space)
    return {"lower": text.lower(), "upper": upper(text)}.get(layout.case, text)


def upper(text: str) -> str:
    """Upper case, except for Georgian: its capitals are for headlines, and few tokenizers know them."""
    return "".join(c if "ა" <= c <= "ჿ" else c.upper() for c in text)


def _line(*parts: str, space: str = " ") -> str:
    return space.join(part for part in parts if part)


def _mark(text: str, layout: Layout) -> str:
    return text.replace(".", "") if layout.bare else text


def _letters(part: str, layout: Layout) -> str:
    from anyascii import anyascii

    part = _joint(part, layout.joint)
    if layout.ascii:
        part = other_spelling(part, layout.spelling) if layout.spelling else anyascii(part)
        part = part.strip("'")
        part = part[:1].upper() + part[1:]
    return "".join(c for c in part if c not in ".'’-") if layout.bare else part


def _joint(part: str, joint: str) -> str:
    """The words of a part put together in another way; a part of one word stays as it is."""
    words = re.split(r"[ -]", part)
    if joint == "dropped":
        return " ".join([word for word in words if key(word) not in PARTICLES] or words)
    if joint == "joined":
        return "".join(words).capitalize() if len(words) > 1 else part
    if joint == "hyphened":
        return "-".join(words)
    return " ".join(word[:1].upper() + word[1:] for word in words) if joint == "spaced" else part
