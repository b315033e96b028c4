"""What a quantised GGUF must keep of its parent's answers, by bits: to catch broken files, not to judge quality."""

from __future__ import annotations

from zoosmith.contract.output import Tolerance

LIMITS = ((8.0, 0.85, 0.05), (6.0, 0.7, 0.2), (5.0, 0.5, 0.6), (4.0, 0.3, 1.5), (3.0, 0.1, 4.0))
"""Bits of a weight, then the lowest agreement and the highest mean KL in nats."""


def tolerance(fewest: float) -> Tolerance:
    """For a file whose smallest type has `fewest` bits a weight: looser with fewer, and none below three."""
    return next((Tolerance(same, mean_kl=kl) for bits, same, kl in LIMITS if fewest >= bits), Tolerance(0.0))
