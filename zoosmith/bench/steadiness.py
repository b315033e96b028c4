"""Whether this host can tell a speed: the artifact against itself (A/A), in turns with the speed proper.

A host is steady where the A/A interval lies within 0.97 to 1.03 and others took at most 5 % of the measuring
processors. The interval need not hold 1: one in twenty does not by chance, and a difference that is shown to
be below 3 % misleads nobody. An unsteady host is waited for; after three attempts the result is kept and marked.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from zoosmith.bench.speed import Timings, bounded
from zoosmith.records.timing import Steadiness

AGAIN = "again"
LOW, HIGH = 0.97, 1.03
BUSY = 0.05
ATTEMPTS = 3
PAUSE_S = 20


def judge(timings: Timings, attempt: int) -> Steadiness:
    """What the A/A side of `timings` says of the host."""
    aa = bounded(timings.ratio(AGAIN))
    steady = aa.low >= LOW and aa.high <= HIGH and timings.others <= BUSY
    return Steadiness(aa=aa, attempts=attempt, steady=steady, busy=round(timings.others, 4))


def describe(found: Steadiness) -> str:
    """A/A ratio and load in words."""
    aa = f"A/A {found.aa.value:.3f} ({found.aa.low:.3f} to {found.aa.high:.3f})"
    verdict = "steady" if found.steady else "not steady"
    return f"{aa}, others took {found.busy:.1%} of the measuring processors: {verdict}"


def steadily(
    measure: Callable[[], Timings],
    say: Callable[[str], None],
    progress: Callable[..., None],
    pause: Callable[[float], None] = time.sleep,
) -> tuple[Timings, Steadiness]:
    """Measure until the host is steady, at most three times; never fail for it.

    measure: times both sides and `AGAIN`; say: for lines that stay; progress: for the wait.
    """
    for attempt in range(1, ATTEMPTS + 1):
        timings = measure()
        found = judge(timings, attempt)
        say(describe(found))
        if found.steady or attempt == ATTEMPTS:
            break
        for waited in range(PAUSE_S):
            text = f"this host is too busy to tell a speed; attempt {attempt + 1} of {ATTEMPTS} follows"
            progress(waited, PAUSE_S, text)
            pause(1.0)
    if not found.steady:
        say(f"this host stayed too busy in {ATTEMPTS} attempts: its speed is marked as not steady")
    return timings, found
