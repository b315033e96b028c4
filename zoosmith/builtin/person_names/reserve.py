"""Surnames kept for `dev` and `eval`: a model is asked about families that its training has not seen."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from zoosmith.builtin.person_names.listing import Listing, Pool, near
from zoosmith.builtin.person_names.text import key

ONE_IN = 10
FEWEST = 3


def divide(listing: Listing) -> tuple[list[Pool], list[Pool]]:
    """Pools for training, and pools for `dev` and `eval`, which share no surname.

    A reserved surname takes along the listed surnames one letter away, so that pairs of such names can be made of
    both. Pools that are left with too few surnames are in training alone.
    """
    kept = _reserved(listing)
    train = [_with(pool, tuple(name for name in pool.surnames if key(name) not in kept)) for pool in listing.pools]
    held = [_with(pool, tuple(name for name in pool.surnames if key(name) in kept)) for pool in listing.pools]
    return train, [pool for pool in held if len(pool.surnames) >= FEWEST]


def _reserved(listing: Listing) -> frozenset[str]:
    kept = {name for name in listing.surnames if _draw(name) == 0}
    for pool in listing.pools:
        for name, others in pool.near_surnames:
            if _draw(key(name)) == 0 and len(key(name)) > 4:
                kept.update(map(key, others))
    return frozenset(kept)


def _draw(name: str) -> int:
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % ONE_IN


def _with(pool: Pool, surnames: tuple[str, ...]) -> Pool:
    return replace(pool, surnames=surnames, near_surnames=near(surnames))
