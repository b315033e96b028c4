"""Bytes of other people's pictures as pixels."""

from __future__ import annotations

import io
from typing import Any

from zoosmith.contract.errors import ZooError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
MOST_PIXELS = 50_000_000


def pixels(picture: bytes) -> Any:
    """An RGB image of Pillow. Raises ZooError for bytes that are no picture of FORMATS, damaged, or too large."""
    from PIL import Image, UnidentifiedImageError

    try:
        opened = Image.open(io.BytesIO(picture), formats=FORMATS)
        if (size := opened.width * opened.height) > MOST_PIXELS:
            raise ZooError(f"the picture has {size:,} pixels, and at most {MOST_PIXELS:,} are read; make it smaller")
        return opened.convert("RGB")
    except UnidentifiedImageError:
        raise ZooError(f"the picture is none of {', '.join(FORMATS)}; found {picture[:8]!r}") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ZooError(f"the picture is damaged: {error}") from None
