"""PNG that Pillow reads as it was drawn, and data URLs that come back."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.common.picture import data_url, of_data_url, png

PALETTE = [(i * 16, 255 - i * 16, i) for i in range(16)]
GRIDS = st.integers(1, 17).flatmap(
    lambda width: st.lists(st.lists(st.integers(0, 15), min_size=width, max_size=width), min_size=1, max_size=9)
)


@given(GRIDS)
def test_pixels_are_read_as_they_were_written(grid: list[list[int]]) -> None:
    from PIL import Image

    opened = Image.open(io.BytesIO(png(grid, PALETTE)))
    assert opened.format == "PNG"
    found = opened.convert("RGB")
    assert found.size == (len(grid[0]), len(grid))
    assert all(found.getpixel((x, y)) == PALETTE[i] for y, row in enumerate(grid) for x, i in enumerate(row))


@given(st.binary(max_size=200))
def test_a_data_url_carries_its_bytes(data: bytes) -> None:
    assert of_data_url(data_url(data)) == data


@pytest.mark.parametrize("text", ["", "http://a/b.png", "data:text/plain;base64,YQ==", "data:image/png;base64"])
def test_what_is_no_data_url_of_a_picture_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="expected data:image"):
        of_data_url(text)
