"""Small pictures of at most 16 colours as PNG, and the data URLs that carry pictures in rows of text.

Nothing is compressed, so the bytes are the same with every version of zlib. Source: PNG specification, third edition
(W3C 2025), colour type 3 with 4 bits a pixel; RFC 1950 and 1951 for the stored block; RFC 2397 for data URLs.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Sequence

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PREFIX = "data:image/"
Colour = tuple[int, int, int]


def png(pixels: Sequence[Sequence[int]], palette: Sequence[Colour]) -> bytes:
    """A picture of rows of indices into a palette of 8-bit red, green and blue; at most 64 KiB of pixels."""
    width, height = len(pixels[0]), len(pixels)
    header = struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)
    colours = bytes(value for colour in palette for value in colour)
    rows = b"".join(b"\x00" + _packed(row) for row in pixels)
    chunks = ((b"IHDR", header), (b"PLTE", colours), (b"IDAT", _stored(rows)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(name, data) for name, data in chunks)


def data_url(picture: bytes, kind: str = "png") -> str:
    """The picture as text."""
    return f"{PREFIX}{kind};base64,{base64.b64encode(picture).decode()}"


def of_data_url(text: str) -> bytes:
    """The bytes that a data URL of a picture carries. Raises ValueError for what is none."""
    head, comma, body = text.partition(",")
    if not (head.startswith(PREFIX) and head.endswith(";base64") and comma):
        raise ValueError(f"expected data:image/...;base64,...; found {text[:40]!r}")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise ValueError(f"the data URL is no base64: {error}") from None


def _packed(row: Sequence[int]) -> bytes:
    """Two pixels a byte, the left one in the high bits."""
    even = [*row, 0] if len(row) % 2 else row
    return bytes(left << 4 | right for left, right in zip(even[::2], even[1::2], strict=True))


def _stored(data: bytes) -> bytes:
    """A zlib stream of one block that is not compressed."""
    size = struct.pack("<HH", len(data), len(data) ^ 0xFFFF)
    return b"\x78\x01\x01" + size + data + struct.pack(">I", zlib.adler32(data))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
