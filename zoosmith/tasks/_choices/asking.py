"""Asking about one item: a failure is an answer too, and so is one that takes long."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from zoosmith.tasks._choices.items import Item

SLOW_S = 30.0


class Asked(NamedTuple):
    """What came back: `found` is None where it failed; `slow` if it took over `SLOW_S` seconds."""

    found: Any
    slow: bool

    @property
    def states(self) -> dict[str, Any]:
        """`failed` and `slow`, bool (1,)."""
        import numpy as np

        return {"failed": np.array([self.found is None]), "slow": np.array([self.slow])}


def asked(call: Callable[[], Any], about: Item) -> Asked:
    """What `call` gives. Whatever it raises is a failure of this item alone, and told in the log.

    An evaluation of hours does not end with one item that does not fit or that memory is too small for.
    """
    begun = time.monotonic()
    try:
        found = call()
    except Exception as error:  # whatever a runtime raises; if every item fails, `suspicion` ends the measurement
        print(f"no answer to {about.shown[:80]!r}: {type(error).__name__}: {error}", file=sys.stderr)
        found = None
    return Asked(found, time.monotonic() - begun > SLOW_S)
