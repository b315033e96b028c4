"""Sizes as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.common.units import UNITS, size, sized
from zoosmith.contract.errors import ZooError


@pytest.mark.parametrize(
    ("text", "expected"),
    [("50MB", 50e6), ("1.5 GB", 1.5e9), (".5kB", 500), ("12B", 12), ("64KiB", 65536), (" 2GiB ", 2**31)],
)
def test_sizes(text: str, expected: float) -> None:
    assert size(text) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("50", "has no unit; write 50MB"),
        ("50mb", "did you mean 'MB'"),
        ("50 GIB", "did you mean 'GiB'"),
        ("50 MBs", "did you mean 'MB'"),
        ("50 parsecs", "known: B, GB, GiB"),
        ("MB", "is no size"),
        ("-5MB", "is no size"),
        ("1e3MB", "is no size"),
        ("nan MB", "is no size"),
        ("5  MB", "is no size"),
        ("٥MB", "is no size"),
        ("", "is no size"),
    ],
)
def test_what_is_no_size_is_told(text: str, told: str) -> None:
    with pytest.raises(ZooError, match=told):
        size(text)


@given(st.text(max_size=12))
def test_any_text_is_a_size_or_a_clear_error(text: str) -> None:
    try:
        assert size(text) >= 0
    except ZooError as error:
        assert "expected" in str(error) or "unit" in str(error)


@given(st.integers(0, 10**6), st.sampled_from(sorted(UNITS)))
def test_every_unit_counts_bytes(number: int, unit: str) -> None:
    assert size(f"{number}{unit}") == number * UNITS[unit]


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (15_340_000_000, "15.3 GB"),
        (999_600_000, "999.6 MB"),
        (1_340_200_000, "1,340.2 MB"),
        (466_247, "0.5 MB"),
        (1209, "1.2 kB"),
        (0, "0.0 MB"),
    ],
)
def test_sizes_as_people_read_them(size: float, text: str) -> None:
    assert sized(size) == text
