"""The label of a pair, read off the parts of its two names by the rules of the data set alone."""

from __future__ import annotations

from zoosmith.builtin.person_names import titles
from zoosmith.builtin.person_names.listing import Listing
from zoosmith.builtin.person_names.sounds import sound
from zoosmith.builtin.person_names.text import Name, distance, is_initial, key, words

MOST_TYPOS = 2


def judge(a: Name, b: Name, listing: Listing) -> str | None:
    """The label: "yes", "partial" or "no"; None where the rules leave it open."""
    found = {
        "forename": compare_forenames(a.forename, b.forename, listing),
        "middle": compare_middles(a.middle, b.middle, listing),
        "surname": compare_surnames(a.surname, b.surname, listing),
        "person": compare_bearers(a, b, listing),
    }
    if "other" in found.values():
        return "no"
    if "unclear" in found.values() or _nothing_shared(a, b) or typos(a, b, found) > MOST_TYPOS:
        return None
    return "partial" if found["forename"] in ("missing", "initial") or found["surname"] == "missing" else "yes"


def identities(name: Name, listing: Listing) -> list[tuple[str, str]]:
    """(forename, surname) of the person named in full, under every listed form of the forename."""
    if not name.surname or not name.forename or is_initial(name.forename):
        return []
    forename = key(name.forename)
    return [(form, key(name.surname)) for form in (forename, *sorted(listing.short.get(forename, ())))]


def compare_forenames(a: str, b: str, listing: Listing) -> str:
    """same, nickname, typo, initial, missing, other, or unclear."""
    if not a or not b:
        return "same" if a == b else "missing"
    if is_initial(a) != is_initial(b):
        return _compare_initial(key(a), key(b), listing) if is_initial(a) else _compare_initial(key(b), key(a), listing)
    if is_initial(a):
        return "same" if key(a) == key(b) else "other"
    return _nickname(key(a), key(b), listing) or _compare_words(a, b, listing.forenames, listing.surnames)


def compare_surnames(a: str, b: str, listing: Listing) -> str:
    """same (also where one of two surnames is left out), typo, missing, other, or unclear."""
    if not a or not b:
        return "same" if a == b else "missing"
    left, right = ([key(word) for word in words(part)] for part in (a, b))
    if len(left) != len(right) and (set(left) <= set(right) or set(right) <= set(left)):
        return "same"
    return _compare_words(a, b, listing.surnames, listing.forenames)


def compare_middles(a: str, b: str, listing: Listing) -> str:
    """same, missing (dropped), initial, other, or unclear: a middle name has no nicknames and no typos."""
    if key(a) == key(b):
        return "same"
    if not a or not b or is_initial(a) or is_initial(b):
        return compare_forenames(a, b, listing)
    return "unclear" if distance(key(a), key(b)) <= MOST_TYPOS or _nickname(key(a), key(b), listing) else "other"


def compare_bearers(a: Name, b: Name, listing: Listing) -> str:
    """other for a man and a woman or for two generations, unclear where only one names its generation, or same."""
    genders = {_gender(a, listing), _gender(b, listing)} - {""}
    if len(genders) == 2 and (titles.gender(a.title) or titles.gender(b.title)):
        return "other"
    born = {titles.generation(a.suffix), titles.generation(b.suffix)}
    return "same" if len(born) == 1 else "unclear" if -1 in born else "other"


def typos(a: Name, b: Name, found: dict[str, str]) -> int:
    """Edits over the parts that were found to differ by a typo."""
    return sum(
        distance(key(x), key(y))
        for x, y, part in ((a.forename, b.forename, "forename"), (a.surname, b.surname, "surname"))
        if found[part] == "typo"
    )


def _gender(name: Name, listing: Listing) -> str:
    forename = key(name.forename)
    man, woman = forename in listing.men, forename in listing.women
    return titles.gender(name.title) or ("" if man == woman else "man" if man else "woman")


def _nothing_shared(a: Name, b: Name) -> bool:
    """No part is given on both sides, or the only one is spelt in two ways."""
    both = [(key(x), key(y)) for x, y in ((a.forename, b.forename), (a.surname, b.surname)) if x and y]
    return not both or (len(both) == 1 and both[0][0] != both[0][1])


def _nickname(a: str, b: str, listing: Listing) -> str:
    """same, nickname, unclear for two forms of one name, or an empty string."""
    if b in listing.short.get(a, ()):
        return "nickname"
    if listing.short.get(a, frozenset()) & listing.short.get(b, frozenset()):
        return "same" if a == b else "unclear"
    return ""


def _compare_initial(initial: str, name: str, listing: Listing) -> str:
    if name.startswith(initial):
        return "initial"
    return "unclear" if any(form.startswith(initial) for form in listing.short.get(name, ())) else "other"


def _compare_words(a: str, b: str, listed: frozenset[str], elsewhere: frozenset[str]) -> str:
    """Word by word where both have as many; the words of a name that is joined are those that it had."""
    if key(a) == key(b):
        return "same"
    left, right = words(a), words(b)
    if len(left) != len(right):
        return "unclear" if distance(key(a), key(b)) <= MOST_TYPOS else "other"
    found = {_compare_spelling(key(x), key(y), listed, elsewhere) for x, y in zip(left, right, strict=True)}
    return next((how for how in ("other", "unclear", "typo") if how in found), "same")


def _compare_spelling(a: str, b: str, listed: frozenset[str], elsewhere: frozenset[str]) -> str:
    """elsewhere: the names that are listed for the other part, which a typo must not make either."""
    if a == b:
        return "same"
    if a in listed and b in listed:
        return "unclear" if sound(a) == sound(b) else "other"
    one_listed = a in listed or b in listed
    misspelt = one_listed and a not in elsewhere and b not in elsewhere and distance(a, b) <= MOST_TYPOS
    return "typo" if misspelt else "unclear"
