"""What a task on a node says, up to its last word.

Ray is asked once for each word: whoever listens sleeps until there is one, and an interrupt wakes it by cancelling.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any

from zoosmith.execution.interrupt import Workers

LAST = {"result", "error", "refused"}
WAIT_S = 30.0  # of one call; a word, a loss and an interrupt end it at once
ENDS_S = 5.0  # a task has nothing left to do after its last word


class Stranded(Exception):
    """The nodes that could take a task have left before it began: Ray says nothing of that, and waits for ever."""


def said(stream: Any, workers: Workers, has_place: Callable[[], bool]) -> Generator[dict[str, Any]]:
    """The messages of a task, an `ObjectRefGenerator` of Ray.

    has_place: whether a node is left that could take it. The task is cancelled where nobody listens any more. Raises
    what Ray says of one that is lost, Stranded, and KeyboardInterrupt.
    """
    import ray

    has_begun, has_ended, cancel = False, False, _Cancel(stream)
    try:
        with workers.elsewhere(cancel):
            while not has_ended:
                ready, _ = ray.wait([stream], timeout=WAIT_S, fetch_local=False)
                if workers.interrupted:
                    raise KeyboardInterrupt
                if not ready and not has_begun and not has_place():
                    raise Stranded
                if ready:
                    message = ray.get(next(stream))
                    has_begun = True
                    has_ended = bool(message.keys() & LAST)
                    if not has_ended:
                        yield message
        yield message
    except (StopIteration, ray.exceptions.RayError) as error:
        has_ended = True
        if not isinstance(error, StopIteration):
            raise
    finally:
        if not (has_ended and _ends(stream)):
            cancel()


class _Cancel:
    """Cancels a task, once: an interrupt and whoever listens may both want to."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream
        self._is_free = threading.Lock()

    def __call__(self) -> None:
        import ray

        if self._is_free.acquire(blocking=False):
            ray.cancel(self.stream, force=False)


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
