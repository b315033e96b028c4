"""Numbers on the command line: each option says which it takes, and argparse tells what was found instead."""

from __future__ import annotations

import argparse
import math

MOST_THREADS = 1024  # beyond what any machine has; libraries try to start as many as they are told
MOST = 2**31 - 1


def positive(text: str) -> float:
    """A finite number above 0. Raises ArgumentTypeError, which argparse tells."""
    value = _number(text)
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text!r:.40}")
    return value


def share(text: str) -> float:
    """A number from 0 to 1. Raises ArgumentTypeError."""
    value = _number(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"expected a share from 0 to 1, such as 0.98 for 98 %, found {text!r:.40}")
    return value


def counted(text: str) -> int:
    """A whole number from 1. Raises ArgumentTypeError."""
    return _whole(text, MOST)


def threads(text: str) -> int:
    """How many threads compute. Raises ArgumentTypeError."""
    return _whole(text, MOST_THREADS)


def _whole(text: str, most: int) -> int:
    digits = text if text.isascii() and text.isdigit() and len(text) <= len(str(most)) else "0"
    if not 0 < int(digits) <= most:
        upto = "" if most == MOST else f" to {most}"
        raise argparse.ArgumentTypeError(f"expected a whole number from 1{upto}, found {text!r:.40}")
    return int(digits)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
