"""The names of a locale in Faker, for men and for women."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any, NamedTuple

from zoosmith.builtin.person_names.text import key


class Group(NamedTuple):
    """Names of one locale and one gender."""

    locale: str
    woman: bool
    forenames: tuple[str, ...]
    surnames: tuple[str, ...]
    patronymics: tuple[str, ...]


def faker_groups(locale: str) -> tuple[Group, Group]:
    """The men's and the women's names of a locale in the installed Faker; ungendered ones are in both."""
    from importlib import import_module

    provider = import_module(f"faker.providers.person.{locale}").Provider
    return _group(provider, locale, "male"), _group(provider, locale, "female")


def _group(provider: Any, locale: str, gender: str) -> Group:
    if locale == "ja_JP":
        given: Iterable[str] = [romanised for *_, romanised in getattr(provider, f"first_name_{gender}_pairs")]
    else:
        given = _found(
            provider, f"first_romanized_names_{gender}", "first_romanized_names", f"first_names_{gender}", "first_names"
        )
    family = _found(provider, "last_romanized_names", f"last_names_{gender}", "last_names")
    fathers = getattr(provider, f"middle_names_{gender}", ()) if locale in ("ru_RU", "uk_UA") else ()
    return Group(locale, gender == "female", clean(given), clean(family), clean(fathers))


def _found(provider: Any, *names: str) -> Iterable[str]:
    return next(getattr(provider, name) for name in names if getattr(provider, name, None))


def clean(names: Iterable[str]) -> tuple[str, ...]:
    """Names of one word and at least two letters, each key once, in Faker's order."""
    kept: dict[str, str] = {}
    for name in names:
        name = unicodedata.normalize("NFC", name.strip())
        letters = name.replace("'", "").replace("’", "").replace("-", "")
        if letters.isalpha() and len(letters) > 1 and len(key(name)) > 1:
            kept.setdefault(key(name), name)
    return tuple(kept.values())
