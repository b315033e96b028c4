"""How many examples a paired comparison needs before its interval excludes a limit, at the shares seen so far."""

from __future__ import annotations

import math

from zoosmith.records.scores import Difference
from zoosmith.stats.intervals import paired_score

MOST = 10**6  # examples; who needs more has a value too near to the limit for its size to be told


def needed(gain: Difference, n: int, limit: float, discordant: int | None = None) -> int | None:
    """The fewest examples for which the 95 % interval of `gain` lies wholly on one side of `limit`.

    n: examples behind the interval. discordant: those that exactly one side got right, where that is known; Tango's
    interval then says it for counts, and that of another metric is as much wider or narrower as it is now. Else from
    the interval alone. Either way what an interval needs grows with the square of its width. None where more than
    a million would be needed, as near to the limit as the value is.
    """
    return _from_interval(gain, n, limit) if discordant is None else _from_counts(gain, n, limit, discordant)


def _from_interval(gain: Difference, n: int, limit: float) -> int | None:
    """So many that the end of the interval beyond the limit reaches it; both ends shrink towards the value."""
    room = abs(gain.value - limit)
    half = gain.value - gain.low if gain.value > limit else gain.high - gain.value
    return _capped(n * (half / room) ** 2) if room else None


def _from_counts(gain: Difference, n: int, limit: float, discordant: int) -> int | None:
    either = max(discordant / n, abs(gain.value))
    lost, won = (either - gain.value) / 2, (either + gain.value) / 2
    enough = n
    while not _excludes(lost, won, enough, limit):
        if enough > MOST:
            return None
        enough *= 2
    too_few = 0
    while enough - too_few > 1:
        middle = (enough + too_few) // 2
        too_few, enough = (too_few, middle) if _excludes(lost, won, middle, limit) else (middle, enough)
    low, high = paired_score(lost * n, won * n, n)
    return _capped(enough * ((gain.high - gain.low) / (high - low)) ** 2)


def _excludes(lost: float, won: float, n: int, limit: float) -> bool:
    """Whether Tango's interval of n examples with these shares lost and won lies on one side of the limit."""
    low, high = paired_score(lost * n, won * n, n)
    return low >= limit or high < limit


def _capped(n: float) -> int | None:
    return math.ceil(n) if n <= MOST else None
