"""Labels of hand-written pairs."""

from __future__ import annotations

import pytest

from zoosmith.builtin.person_names.listing import load
from zoosmith.builtin.person_names.rules import identities, judge, parse
from zoosmith.builtin.person_names.text import Name

YES = [
    ("Robert Hansen", "HANSEN, Robert"),
    ("Robert Hansen", "hansen robert"),
    ("Zoë O'Connor", "Zoe OConnor"),
    ("Иван Кузнецов", "Kuznetsov, Ivan"),
    ("Robert Peter Hansen", "Robert Hansen"),
    ("Robert Peter Hansen", "Hansen, Robert P."),
    ("Bob Hansen", "Robert Hansen"),
    ("Александр Смирнов", "Саша Смирнов"),
    ("Robret Hansen", "Robert Hansen"),
    ("Robert Hansenn", "Robetr Hansen"),
]
PARTIAL = [
    ("R. Hansen", "Robert Hansen"),
    ("Hansen, R", "Robert Hansen"),
    ("hansen r", "Robert Peter Hansen"),
    ("R. P. Hansen", "Robert Peter Hansen"),
    ("Hansen", "Robert Hansen"),
    ("ROBERT", "Robert Hansen"),
    ("I. Kuznetsov", "Иван Кузнецов"),
]
NO = [
    ("Robert Hansen", "Robert Larsen"),
    ("Robert Hansen", "Peter Hansen"),
    ("Maria Hansen", "Mario Hansen"),
    ("Robert Hansen", "Robert Hanson"),
    ("Bob Hansen", "Robert Larsen"),
    ("Bob Hansen", "William Hansen"),
    ("K. Hansen", "Peter Hansen"),
    ("P. Larsen", "Peter Hansen"),
    ("Robert Peter Hansen", "Robert K. Hansen"),
    ("Larsen", "Peter Hansen"),
    ("Robert", "Peter Hansen"),
    ("Иван Кузнецов", "Petrov, Ivan"),
]
OPEN = [
    ("Billy Hansen", "Will Hansen"),
    ("B. Hansen", "William Hansen"),
    ("Stephen Hansen", "Steven Hansen"),
    ("Rboret Hansem", "Robert Hansenn"),
    ("Robert", "Hansen"),
]


@pytest.fixture(scope="module")
def listing():
    return load()


@pytest.mark.parametrize(
    ("label", "names"),
    [
        (label, names)
        for label, group in (("yes", YES), ("partial", PARTIAL), ("no", NO), (None, OPEN))
        for names in group
    ],
)
def test_label(label, names, listing):
    assert judge(*names, listing) == label
    assert judge(*reversed(names), listing) == label


@pytest.mark.parametrize("text", ["Robert P. Hansen", "HANSEN, Robert P.", "hansen, robert p"])
def test_parse_reads_each_layout(text, listing):
    assert parse(text, listing) == Name("robert", "p.", "hansen")


def test_no_key_is_both_forename_and_surname(listing):
    assert not listing.forenames & listing.surnames


def test_identities_cover_the_listed_forms(listing):
    assert ("bob", "hansen") in identities("HANSEN, Robert", listing)
    assert identities("R. Hansen", listing) == identities("Hansen", listing) == []
