"""Surnames that training does not see."""

from __future__ import annotations

import pytest

from zoosmith.builtin.person_names.listing import load
from zoosmith.builtin.person_names.reserve import FEWEST, divide
from zoosmith.builtin.person_names.text import key


@pytest.fixture(scope="module")
def divided():
    return divide(load())


def test_no_surname_is_on_both_sides(divided):
    train, held = ({key(name) for pool in pools for name in pool.surnames} for pools in divided)
    assert train and held and not train & held
    assert train | held <= load().surnames


def test_neighbours_are_of_the_same_side(divided):
    for pools in divided:
        for pool in pools:
            names = set(pool.surnames)
            assert all(name in names and set(others) <= names for name, others in pool.near_surnames)


def test_enough_is_held_and_most_is_left(divided):
    train, held = divided
    assert 0.08 < sum(len(pool.surnames) for pool in held) / sum(len(pool.surnames) for pool in train) < 0.3
    assert min(len(pool.surnames) for pool in held) >= FEWEST
    assert {pool.latin for pool in held} == {True, False}
