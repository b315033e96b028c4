"""What a task on a node says, up to its last word."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any

LAST = {"result", "error"}
POLL_S = 0.2
ENDS_S = 5.0  # a task has nothing left to do after its last word


def said(stream: Any, check: Callable[[], None]) -> Generator[dict[str, Any]]:
    """The messages of a task, an `ObjectRefGenerator` of Ray; `check` is called between them and may raise.

    The task is cancelled where nobody listens any more. Raises what Ray says of one that is lost.
    """
    import ray

    has_ended = False
    try:
        while True:
            ready, _ = ray.wait([stream], timeout=POLL_S, fetch_local=False)
            check()
            if ready:
                message = ray.get(next(stream))
                has_ended = bool(message.keys() & LAST)
                yield message
    except (StopIteration, ray.exceptions.RayError) as error:
        has_ended = True
        if not isinstance(error, StopIteration):
            raise
    finally:
        if not (has_ended and _ends(stream)):
            ray.cancel(stream, force=False)


def _ends(stream: Any) -> bool:
    """Wait until a task that has said its last word is over, or lost: whether it is.

    A cancellation that meets the end of its task can take the driver down ("Tried to complete task that was not
    pending"). Source: https://github.com/ray-project/ray/pull/54785.
    """
    import ray

    until = time.monotonic() + ENDS_S
    with suppress(StopIteration, ray.exceptions.RayError):
        while ray.wait([stream], timeout=max(0.0, until - time.monotonic()), fetch_local=False)[0]:
            ray.get(next(stream))
        return False
    return True
