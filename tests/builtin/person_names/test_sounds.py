"""Names that sound alike."""

from __future__ import annotations

import pytest

from zoosmith.builtin.person_names.sounds import sound


@pytest.mark.parametrize(
    ("a", "b"),
    [("stephen", "stefen"), ("oskar", "oscar"), ("jessica", "jessika"), ("mathilde", "matild"), ("schmidt", "schmit")],
)
def test_one_sound(a, b):
    assert sound(a) == sound(b)


@pytest.mark.parametrize(("a", "b"), [("hansen", "hanson"), ("maria", "mario"), ("lee", "leo"), ("jan", "jean")])
def test_two_sounds(a, b):
    assert sound(a) != sound(b)
