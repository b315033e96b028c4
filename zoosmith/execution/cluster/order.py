"""What a node starts a step from, besides the action."""

from __future__ import annotations

from dataclasses import dataclass

from zoosmith.execution.cluster.own_code import Archive


@dataclass(frozen=True)
class Order:
    """One try of a step.

    trees: what the step reads. code: the zoo's own, None where everything comes with zoosmith. left: the step's last
    checkpoint, None for none. suspects: blobs that the cache was seen to have wrong; a node that makes one replaces it.
    """

    trees: tuple[str, ...]
    code: Archive | None
    left: Archive | None = None
    suspects: frozenset[str] = frozenset()
