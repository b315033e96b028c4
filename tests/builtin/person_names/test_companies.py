"""Pairs of company names."""

from __future__ import annotations

import random
import re

import pytest

from zoosmith.builtin.person_names.companies import FORMS, draw, has_companies
from zoosmith.builtin.person_names.listing import load
from zoosmith.builtin.person_names.text import key


def drawn(label: str, locale: str, count: int = 300) -> list[tuple[str, str]]:
    pool = next(pool for pool in load().pools if pool.locale == locale)
    rng = random.Random(7)
    return [draw(label, pool, rng)[:2] for _ in range(count)]


def form(text: str, locale: str) -> int | None:
    """Which legal form ends the text; the longest that fits."""
    ways = [(len(way), i) for i, forms in enumerate(FORMS[locale[:2]]) for way in forms if _ends(text, way)]
    return max(ways)[1] if ways else None


def _ends(text: str, way: str) -> bool:
    return f" {text}".casefold().endswith(f" {way}".casefold())


@pytest.mark.parametrize("locale", ["de_DE", "en_US", "sv_SE"])
def test_one_company_has_one_legal_form_or_leaves_it_out(locale):
    forms = [(form(a, locale), form(b, locale)) for a, b in drawn("yes", locale)]
    given = [pair for pair in forms if None not in pair]
    assert len(given) > 100
    assert sum(a == b for a, b in given) > 0.95 * len(given)  # the others are misspelt just there
    assert any(None in pair for pair in forms)


def test_other_companies_differ_in_form_or_in_letters():
    for a, b in drawn("no", "de_DE"):
        assert form(a, "de_DE") != form(b, "de_DE") or key(a) != key(b), (a, b)


def test_a_shorter_name_of_a_company_says_less():
    families = {key(name) for pool in load().pools if pool.locale == "en_US" for name in pool.surnames}
    for pair in drawn("partial", "en_US"):
        longer, shorter = ({key(word) for word in re.split(r"[ -]", text)} for text in pair)
        assert shorter & families <= longer, pair
        assert shorter != longer, pair


def test_countries_without_legal_forms_are_known():
    assert {pool.locale for pool in load().pools if not has_companies(pool)} >= {"ru_RU", "ka_GE", "zh_TW"}
