"""Connections that dawdle: uvicorn waits for the head of a request for as long as it takes, and keeps all of it."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from zoosmith.serve.limits import Limits

TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain\r\ncontent-length: 38\r\n"
    b"connection: close\r\n\r\nthe head of the request is too large.\r\n"
)


def hasty(limits: Limits) -> type[asyncio.Protocol]:
    """uvicorn's protocol with `limits` on how long the head of a request takes to come, and how large it is."""
    return type("Hasty", (Hasty,), {"limits": limits})  # uvicorn makes its connections itself, of a class


class Hasty(HttpToolsProtocol):
    """A connection of uvicorn that closes itself where a head comes too late, or too large."""

    limits: Limits
    _deadline: asyncio.TimerHandle | None = None
    _in_head = False
    _head = 0  # bytes of a head that has not ended; of one behind another request not those it began among

    def connection_made(self, transport: Any) -> None:
        """The first head is waited for."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Bytes of a head, of a body, or of both."""
        before, idle = self.cycle, self.cycle is None or self.cycle.response_complete
        if idle:
            self._await_head()
        counted = self._in_head or idle
        super().data_received(data)
        if self.cycle is not before:
            self._head_is_here()
        self._head = self._head + len(data) if counted and self._in_head else 0
        if self._head > self.limits.head_bytes:
            self._too_large()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head has ended."""
        self._in_head = False
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._head_is_here()
        super().connection_lost(exc)

    def _await_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.limits.read_s, self._too_late)

    def _head_is_here(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()

    def _too_large(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(TOO_LARGE)
            self.transport.close()
