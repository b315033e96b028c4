"""The label of a pair, read off its two strings by the rules of the data set alone."""

from __future__ import annotations

from zoosmith.builtin.person_names.listing import Listing
from zoosmith.builtin.person_names.text import Name, distance, key

MOST_TYPOS = 2


def parse(text: str, listing: Listing) -> Name:
    """Keys of forename, middle name and surname; an initial keeps its dot ("j.").

    Reads "First Middle Last", "Last, First Middle", "Last First" and a single part.
    """
    if "," in text:
        surname, *given = _words(text)
        return Name(given[0], "".join(given[1:]), surname)
    words = _words(text)
    if len(words) == 1:
        return Name("", "", words[0]) if words[0] in listing.surnames else Name(words[0], "", "")
    first, *middle, last = words
    swapped = first in listing.surnames or last in listing.forenames or last.endswith(".")
    return Name(last, "".join(middle), first) if swapped else Name(first, "".join(middle), last)


def judge(name1: str, name2: str, listing: Listing) -> str | None:
    """The label: "yes", "partial" or "no"; None where the rules leave it open."""
    a, b = parse(name1, listing), parse(name2, listing)
    found = Name(
        compare_forenames(a.forename, b.forename, listing),
        compare_middles(a.middle, b.middle, listing),
        compare_surnames(a.surname, b.surname, listing),
    )
    if "other" in found:
        return "no"
    if "unclear" in found or found.forename == found.surname == "missing" or typos(a, b, found) > MOST_TYPOS:
        return None
    return "partial" if found.forename in ("missing", "initial") or found.surname == "missing" else "yes"


def identities(text: str, listing: Listing) -> list[tuple[str, str]]:
    """(forename, surname) of the person named in full, under every listed form of the forename."""
    name = parse(text, listing)
    if not name.surname or not name.forename or name.forename.endswith("."):
        return []
    forms = sorted(listing.short.get(name.forename, ()))
    return [(form, name.surname) for form in (name.forename, *forms)]


def compare_forenames(a: str, b: str, listing: Listing) -> str:
    """same, nickname, typo, initial, missing, other, or unclear."""
    if not a or not b:
        return "missing"
    if a.endswith(".") or b.endswith("."):
        return _compare_initial(a, b, listing)
    if b in listing.short.get(a, ()):
        return "nickname"
    if listing.short.get(a, frozenset()) & listing.short.get(b, frozenset()):
        return "same" if a == b else "unclear"
    return _compare_spelling(a, b, listing.forenames, listing.surnames)


def compare_surnames(a: str, b: str, listing: Listing) -> str:
    """same, typo, missing, other, or unclear."""
    return _compare_spelling(a, b, listing.surnames, listing.forenames) if a and b else "missing"


def compare_middles(a: str, b: str, listing: Listing) -> str:
    """same, missing (dropped), initial, other, or unclear: a middle name has no nicknames and no typos."""
    if a == b:
        return "same"
    found = compare_forenames(a, b, listing)
    return found if found in ("missing", "initial", "other") else "unclear"


def typos(a: Name, b: Name, found: Name) -> int:
    """Edits over the parts that were found to differ by a typo."""
    return sum(distance(x, y) for x, y, how in zip(a, b, found, strict=True) if how == "typo")


def _compare_initial(a: str, b: str, listing: Listing) -> str:
    initial, name = sorted((a, b), key=lambda word: not word.endswith("."))
    if name.startswith(initial[:-1]):
        return "initial"
    forms = listing.short.get(name, ())
    return "unclear" if any(form.startswith(initial[:-1]) for form in forms) else "other"


def _compare_spelling(a: str, b: str, listed: frozenset[str], elsewhere: frozenset[str]) -> str:
    """elsewhere: the names that are listed for the other part, which a typo must not make either."""
    if a == b:
        return "same"
    if a in listed and b in listed:
        return "other"
    one_listed = a in listed or b in listed
    misspelt = one_listed and a not in elsewhere and b not in elsewhere and distance(a, b) <= MOST_TYPOS
    return "typo" if misspelt else "unclear"


def _words(text: str) -> list[str]:
    parts = text.replace(",", " ").split()
    return [key(part) + ("." if sum(c.isalpha() for c in part) == 1 else "") for part in parts]
