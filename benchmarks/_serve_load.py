"""Callers that cost little: requests made beforehand, sent over a few connections by one thread.

Callers share the processors with what they measure, so each microsecond of theirs is one that the server lacks.
"""

from __future__ import annotations

import json
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

END = b"\r\n\r\n"


@dataclass
class Load:
    """Answers by status, and milliseconds of each, from the first byte sent to the last that came."""

    statuses: dict[int, int] = field(default_factory=dict)
    ms: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.ms) / self.seconds


def request(path: str, body: object) -> bytes:
    """A POST of JSON, or of bytes as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return f"POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {len(data)}\r\n\r\n".encode() + data


class Caller:
    """One connection, on which a request follows the answer to the one before."""

    def __init__(self, url: str) -> None:
        split = urlsplit(url)
        self.address = (split.hostname, split.port)
        self.socket = socket.create_connection(self.address, timeout=30)
        self.begun, self.got = 0.0, b""

    def ask(self, data: bytes) -> None:
        """Send one request."""
        self.begun, self.got = time.perf_counter(), b""
        self.socket.sendall(data)

    def answer(self) -> int | None:
        """The status once all of the answer is here. Raises ConnectionError where the server closed before."""
        part = self.socket.recv(1 << 16)
        if not part:
            raise ConnectionError("the server closed a connection without an answer")
        self.got += part
        head, found, body = self.got.partition(END)
        if not found or len(body) < int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            return None
        return int(self.got[9:12])


def closed_loop(url: str, requests: Sequence[bytes], callers: int, seconds: float) -> Load:
    """`callers` who ask again as soon as they are answered, for `seconds`; all are answered before this returns."""
    load, turn, begun = Load(), 0, time.perf_counter()
    with selectors.DefaultSelector() as ready:
        for _ in range(callers):
            one = Caller(url)
            ready.register(one.socket, selectors.EVENT_READ, one)
            one.ask(requests[turn % len(requests)])
            turn += 1
        while ready.get_map():
            for key, _ in ready.select(30):
                one = key.data
                if (status := one.answer()) is None:
                    continue
                now = time.perf_counter()
                load.ms.append((now - one.begun) * 1000)
                load.statuses[status] = load.statuses.get(status, 0) + 1
                if now - begun < seconds:
                    one.ask(requests[turn % len(requests)])
                    turn += 1
                else:
                    ready.unregister(one.socket)
                    one.socket.close()
    load.seconds = time.perf_counter() - begun
    return load


def once(url: str, data: bytes, *, wait: bool = True) -> int | None:
    """The status of one request on a connection of its own; None where the server just closed, or nobody waited."""
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=30) as connection:
        connection.sendall(data)
        if not wait:
            return None
        try:
            head = connection.recv(1 << 16)
        except ConnectionResetError:
            return None
    return int(head[9:12]) if head.startswith(b"HTTP/1.1 ") else None
