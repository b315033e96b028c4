"""Labels of hand-written pairs."""

from __future__ import annotations

import pytest

from zoosmith.builtin.person_names.listing import load
from zoosmith.builtin.person_names.rules import identities, judge
from zoosmith.builtin.person_names.text import Name


def name(text: str) -> Name:
    """ "Title_Forename|Middle|Surname_Suffix"; a part may be empty."""
    forename, middle, surname = text.split("|")
    title, _, forename = forename.rpartition("_")
    surname, _, suffix = surname.partition("_")
    return Name(forename, middle, surname, title, suffix)


YES = [
    ("Robert||Hansen", "ROBERT||hansen"),
    ("Zoë||O'Connor", "Zoe||OConnor"),
    ("Иван||Кузнецов", "Ivan||Kuznetsov"),
    ("Robert|Peter|Hansen", "Robert||Hansen"),
    ("Robert|Peter|Hansen", "Robert|P.|Hansen"),
    ("Bob||Hansen", "Robert||Hansen"),
    ("Александр||Смирнов", "Саша||Смирнов"),
    ("Robret||Hansen", "Robert||Hansen"),
    ("Robert||Hansenn", "Robetr||Hansen"),
    ("R.||Hansen", "R||HANSEN"),
    ("||Hansen", "||HANSEN"),
    ("Robert||", "ROBERT||"),
    ("Иван|Петрович|Кузнецов", "Иван|П.|Кузнецов"),
    ("Anne-Marie||Hansen", "Annemarie||Hansen"),
    ("Anne||van der Hansen", "Anne||Vanderhansen"),
    ("Anne||van der Hansen", "Anne||Hansen"),
    ("María||García López", "María||García"),
    ("María||García López", "Maria||Garcia-Lopez"),
    ("Dr._Robert||Hansen", "Robert||Hansen"),
    ("Mr._Robert||Hansen", "Dr._Robert||Hansen"),
    ("Robert||Hansen_Jr.", "Robert||Hansen_Junior"),
]
PARTIAL = [
    ("R.||Hansen", "Robert||Hansen"),
    ("R||Hansen", "Robert|Peter|Hansen"),
    ("R.|P.|Hansen", "Robert|Peter|Hansen"),
    ("||Hansen", "Robert||Hansen"),
    ("ROBERT||", "Robert||Hansen"),
    ("I.||Kuznetsov", "Иван||Кузнецов"),
    ("Mr._||Hansen", "Robert||Hansen"),
]
NO = [
    ("Robert||Hansen", "Robert||Larsen"),
    ("Robert||Hansen", "Peter||Hansen"),
    ("Maria||Hansen", "Mario||Hansen"),
    ("Robert||Hansen", "Robert||Hanson"),
    ("Bob||Hansen", "Robert||Larsen"),
    ("Bob||Hansen", "William||Hansen"),
    ("K.||Hansen", "Peter||Hansen"),
    ("K.||Hansen", "P.||Hansen"),
    ("P.||Larsen", "Peter||Hansen"),
    ("Robert|Peter|Hansen", "Robert|K.|Hansen"),
    ("||Larsen", "Peter||Hansen"),
    ("Robert||", "Peter||Hansen"),
    ("Иван||Кузнецов", "Ivan||Petrov"),
    ("Иван|Петрович|Кузнецов", "Иван|Андреевич|Кузнецов"),
    ("Иван|Петрович|Кузнецов", "Пётр|Петрович|Кузнецов"),
    ("Anne-Marie||Hansen", "Anne-Sophie||Hansen"),
    ("Anne||van der Hansen", "Anne||van der Larsen"),
    ("María||Hansen Larsen", "María||Hansen Wright"),
    ("Mr._||Hansen", "Mrs._||Hansen"),
    ("Mrs._||Hansen", "Robert||Hansen"),
    ("Robert||Hansen_Jr.", "Robert||Hansen_Senior"),
    ("Robert||Hansen_II", "Robert||Hansen_3rd"),
]
OPEN = [
    ("Billy||Hansen", "Will||Hansen"),
    ("B.||Hansen", "William||Hansen"),
    ("Oskar||Hansen", "Oscar||Hansen"),
    ("Rboret||Hansem", "Robert||Hansenn"),
    ("Robert||", "||Hansen"),
    ("||Hansenn", "||Hansen"),
    ("Robert||Hansen_Jr.", "Robert||Hansen"),
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
    a, b = map(name, names)
    assert judge(a, b, listing) == label
    assert judge(b, a, listing) == label


@pytest.mark.parametrize("names", [names for group in (YES, PARTIAL, NO, OPEN) for names in group])
def test_a_name_is_itself(names, listing):
    assert {judge(name(text), name(text), listing) for text in names} == {"yes"}


def test_no_key_is_both_forename_and_surname(listing):
    assert not listing.forenames & listing.surnames


def test_identities_cover_the_listed_forms(listing):
    assert ("bob", "hansen") in identities(name("Robert||Hansen"), listing)
    assert identities(name("R.||Hansen"), listing) == identities(name("||Hansen"), listing) == []
