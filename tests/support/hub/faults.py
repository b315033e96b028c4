"""What goes wrong, and when: rules that a test adds and the server uses up."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import Literal

Kind = Literal["slow", "cut", "wrong", "lost"]


@dataclass
class Fault:
    """Meets the next `times` requests whose "METHOD /path" has a match of `where`, after the first `skip` of them.

    `what` is a status to answer with, or: "slow" waits `seconds` first; "cut" ends the connection in the middle of
    the larger body, the request's or the answer's; "wrong" turns one byte of the answer over; "lost" does what was
    asked and ends the connection without an answer.
    """

    where: str
    what: int | Kind
    times: int = 1
    skip: int = 0
    seconds: float = 1.0
    headers: tuple[tuple[str, str], ...] = ()


class Faults(list[Fault]):
    """The rules that are left."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def take(self, request: str) -> Fault | None:
        """The first rule that this request meets, used up by one."""
        with self.lock:
            for fault in self:
                if fault.times and re.search(fault.where, request):
                    if fault.skip:
                        fault.skip -= 1
                        continue
                    fault.times -= 1
                    return fault
        return None
