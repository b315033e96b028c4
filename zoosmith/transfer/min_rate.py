"""HTTP that is given up when the other side only drips, so that no answer lasts for ever.

A socket's timeout ends a wait in which nothing comes; here each such span of waiting must bring MIN_BYTES_S a second:
of the connection, and of the file itself, so that nothing is won by what HTTP allows around it (interim answers, chunk
extensions, trailers). An answer of `size` bytes therefore ends within three spans and size / MIN_BYTES_S seconds.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
import urllib.request
from http.client import HTTPResponse
from typing import Any
from urllib.request import Request

MIN_BYTES_S = 1000


class TooSlow(TimeoutError):
    """The other side sends, but too slowly to go on waiting."""


class MinRate:
    """Raises TooSlow when a span of `window_s` seconds of waiting brought less than MIN_BYTES_S a second."""

    def __init__(self, window_s: float) -> None:
        """Nothing was waited for yet."""
        self.window_s = window_s
        self.waited_s, self.won = 0.0, 0

    def judge(self, waited_s: float, count: int) -> None:
        """Add a wait and the bytes that it brought; 0 bytes are the end."""
        self.waited_s += waited_s
        self.won += count
        if self.waited_s >= self.window_s:
            if count and self.won < MIN_BYTES_S * self.waited_s:
                raise TooSlow(f"the connection was given up: {self.won} bytes came in {self.waited_s:.3g} s")
            self.waited_s, self.won = 0.0, 0


class MinRateReader(io.RawIOBase):
    """A socket's bytes. Time that the reader spends elsewhere does not count, nor the wait for the first byte.

    `until` is the moment, by time.monotonic(), at which what is read for must be there; None sets no end.
    """

    def __init__(self, raw: io.RawIOBase, window_s: float) -> None:
        """Read from `raw`; raise TooSlow when `window_s` of waiting brought less than MIN_BYTES_S a second."""
        self.raw, self.rate = raw, MinRate(window_s)
        self.begun = False
        self.until: float | None = None

    def readable(self) -> bool:
        """True: io.RawIOBase asks before it reads."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with the bytes that have come and return their number, 0 at the end. Raises TooSlow."""
        started = time.monotonic()
        count: int = self.raw.readinto(buffer)
        now = time.monotonic()
        if self.begun:
            self.rate.judge(now - started, count)
        self.begun = True
        if self.until is not None and now > self.until and count:
            raise TooSlow("the connection was given up: it sends, but nothing of the file")
        return count

    def close(self) -> None:
        """Close the wrapped stream too."""
        self.raw.close()
        super().close()


class _Answer(HTTPResponse):
    """A response whose body must come at a least rate, over windows as long as the socket's timeout.

    The head has one window to begin and one to end; interim answers (RFC 9110, 15.2) are part of it.
    """

    def __init__(self, sock: socket.socket, *arguments: Any, **named: Any) -> None:
        super().__init__(sock, *arguments, **named)
        self.reader: MinRateReader | None = None
        if window_s := sock.gettimeout():
            self.reader = MinRateReader(self.fp.detach(), window_s)
            self.reader.until = time.monotonic() + 2 * window_s
            self.fp = io.BufferedReader(self.reader)
            self.useful = MinRate(window_s)

    def read1(self, n: int = -1) -> bytes:
        """The next bytes of the body, at most `n`. Raises TooSlow where a window brings too few of them."""
        if self.reader is None:
            return super().read1(n)
        started = time.monotonic()
        self.reader.until = started + self.useful.window_s
        data = super().read1(n)
        self.useful.judge(time.monotonic() - started, len(data))
        return data


class _Connection(http.client.HTTPConnection):
    response_class = _Answer


class _SecureConnection(http.client.HTTPSConnection):
    response_class = _Answer


class Handler(urllib.request.HTTPHandler):
    """Opens http URLs over connections with a least rate."""

    def http_open(self, req: Request) -> HTTPResponse:
        """Send the request over a connection with a least rate, as urllib asks a handler to."""
        return self.do_open(_Connection, req)


class SecureHandler(urllib.request.HTTPSHandler):
    """Opens https URLs in the same way, with the system's certificates."""

    def __init__(self) -> None:
        """Load the system's certificates once."""
        super().__init__()
        self.certificates = ssl.create_default_context()

    def https_open(self, req: Request) -> HTTPResponse:
        """Send the request over TLS, as urllib asks a handler to."""
        return self.do_open(_SecureConnection, req, context=self.certificates)
