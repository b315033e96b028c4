"""Other Latin spellings."""

from __future__ import annotations

import pytest

from zoosmith.builtin.person_names.romanise import other_spelling


@pytest.mark.parametrize(
    ("part", "spellings"),
    [
        ("Müller", {"Mueller"}),
        ("Łukasz", {"Lukasz"}),
        ("Ščepka", {"Scepka"}),
        ("Юрий", {"Yuryy", "Yuryi", "Yuryj", "Yuriy", "Yurii", "Yurij"}),
        ("Χάρης", {"Charis", "Haris"}),
    ],
)
def test_every_way_of_some_registers(part, spellings):
    found = {other_spelling(part, seed) for seed in range(1, 100)}
    assert spellings <= found
    assert all(text.isascii() and text[0].isupper() for text in found)


def test_a_seed_spells_a_sign_the_same_way_everywhere():
    for seed in range(1, 40):
        a, b = other_spelling("Юхим", seed), other_spelling("Юхно", seed)
        assert a[:3] == b[:3]
