"""The goals of benchmarks/memory.py and what misses them, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks._memory_cases import ALL, CONVERTER, MERGE, Case

Found = Mapping[str, Mapping[str, Any]]
ROUNDING = 0.05  # copies: peaks are told in MiB, and buffers of the libraries come and go
CONVERTER_BASE, CONVERTER_BYTES = 400e6, 6.5  # bytes, and bytes an element of the largest tensor
QUANTISER = 200e6


def bound_mb(case: Case, largest: int) -> int:
    """Most MiB that what is watched of a case may take, where the model's largest tensor has `largest` elements."""
    most = CONVERTER_BASE + CONVERTER_BYTES * largest if case.watched == CONVERTER else QUANTISER
    return round(most / 2**20)


def too_many_copies(found: Found, *, library: bool) -> list[str]:
    """Cases that hold more copies of the weights than their goal: a library's call, or our own code."""
    return [
        f"{name}: {told['copies']:.2f} copies of the weights, not {told['copies_goal']:g}"
        + (f": {ALL[name].library}" if library else "")
        for name, told in found.items()
        if told["copies"] > told["copies_goal"] + _rounding(told) and bool(ALL[name].library) == library
    ]


def _rounding(told: Mapping[str, Any]) -> float:
    return 0.0 if told["copies_goal"] == MERGE else ROUNDING  # that of a merge has its tenth


def beyond_claims(found: Found) -> list[str]:
    """Cases that take more than `resources()` says."""
    return [
        f"{name}: {told['with_check_mb']} MiB taken, {told['claimed_mb']} claimed"
        for name, told in found.items()
        if told["with_check_mb"] > told["claimed_mb"]
    ]


def beyond_bounds(found: Found) -> list[str]:
    """Cases whose converter or quantiser takes more than the largest tensor allows."""
    return [
        f"{name}: its {ALL[name].watched} took {told['watched_mb']} MiB, not {told['bound_mb']}"
        for name, told in found.items()
        if "watched_mb" in told and told["watched_mb"] > told["bound_mb"]
    ]
