"""Layouts of a name."""

from __future__ import annotations

import random

import pytest

from zoosmith.builtin.person_names.text import Name, key
from zoosmith.builtin.person_names.writing import Layout, draw_layout, write


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        (Layout(), "Zoë A. O'Connor"),
        (Layout("comma"), "O'Connor, Zoë A."),
        (Layout("comma", "upper-surname"), "O'CONNOR, Zoë A."),
        (Layout("swapped"), "Zoë A. O'Connor"),
        (Layout(case="lower", ascii=True, bare=True), "zoe a oconnor"),
        (Layout(case="upper"), "ZOË A. O'CONNOR"),
        (Layout(spaces="  "), "Zoë  A.  O'Connor"),
    ],
)
def test_write(layout, expected):
    assert write(Name("Zoë", "A.", "O'Connor"), layout) == expected


def test_write_parts_alone_and_without_capitals():
    assert write(Name("Zoë", "", "Ott"), Layout("swapped")) == "Ott Zoë"
    assert write(Name("", "", "Ott"), Layout("comma")) == "Ott"
    assert write(Name("ნინო", "", ""), Layout(case="upper")) == "ნინო"
    assert write(Name("ნინო", "", ""), Layout(ascii=True)) == "Nino"


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        (Layout(), "Dr. Zoë Ott Jr."),
        (Layout("comma"), "Ott, Dr. Zoë, Jr."),
        (Layout("swapped", bare=True), "Dr Ott Zoë Jr"),
    ],
)
def test_titles_and_generations(layout, expected):
    assert write(Name("Zoë", "", "Ott", "Dr.", "Jr."), layout) == expected


@pytest.mark.parametrize(
    ("joint", "expected"),
    [
        ("as is", "Anne-Marie van der Berg"),
        ("joined", "Annemarie Vanderberg"),
        ("spaced", "Anne Marie Van Der Berg"),
        ("hyphened", "Anne-Marie van-der-Berg"),
        ("dropped", "Anne Marie Berg"),
    ],
)
def test_joints(joint, expected):
    assert write(Name("Anne-Marie", "", "van der Berg"), Layout(joint=joint)) == expected


def test_a_layout_changes_no_letter_but_by_its_spelling():
    name = Name("Zoë", "Ana", "Ott-Łuk")
    for seed in range(200):
        layout = draw_layout(random.Random(seed), 0.5)
        text = write(name, layout)
        if not layout.ascii:
            assert sorted(key(text)) == sorted("zoeanaottluk"), layout
