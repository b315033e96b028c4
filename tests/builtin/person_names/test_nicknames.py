"""The nickname tables."""

from __future__ import annotations

from zoosmith.builtin.person_names.listing import LATIN, NON_LATIN
from zoosmith.builtin.person_names.nicknames import TABLES, nicknames
from zoosmith.builtin.person_names.text import key


def test_enough_forenames_in_several_languages():
    tables = {table: nicknames(locale) for locale, table in TABLES.items()}
    assert len(tables) >= 5
    assert sum(map(len, tables.values())) >= 150


def test_every_forename_has_a_form_of_its_own_spelling():
    for locale in TABLES:
        for forename, forms in nicknames(locale).items():
            assert forms, forename
            assert key(forename) not in {key(form) for form in forms}, forename


def test_each_entry_is_read_once():
    for locale, table in TABLES.items():
        assert len(nicknames(locale)) == table.count(":"), locale


def test_tables_belong_to_known_locales():
    assert set(TABLES) <= set(LATIN) | set(NON_LATIN)
    assert nicknames("tr_TR") == {}
