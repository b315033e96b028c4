"""The server from its start to its graceful stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import uvicorn

from zoosmith.contract.errors import ZooError
from zoosmith.serve.app import Serving
from zoosmith.serve.connections import hasty

LINGER_S = 0.3  # in which callers on open connections are told that the server stops, instead of being cut off
KEEP_ALIVE_S = 75  # longer than clients and proxies keep idle connections: else a request may meet one that is closing
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Server(uvicorn.Server):
    """A uvicorn server that answers all that it accepted before it stops, and then ends with exit code 0.

    uvicorn by itself closes connections on which a request may be on its way, and ends by the signal that it got.
    """

    def __init__(
        self, serving: Serving, grace_s: float, background: Callable[[Server], Any], started: Callable[[], None]
    ) -> None:
        """grace_s: how long accepted requests may take after a signal.

        background: a coroutine function that runs meanwhile. started: called once, when requests are taken.
        """
        limits = serving.limits
        super().__init__(
            uvicorn.Config(
                serving.gate, http=hasty(limits), ws="none", lifespan="off", log_config=None, log_level="critical",
                access_log=False, server_header=False, proxy_headers=False, limit_concurrency=limits.connections,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=1,  # what was accepted had its time before, see `_drain`
            )
        )  # fmt: skip
        self.serving, self.grace_s = serving, grace_s
        self._background, self._started_call = background, started
        self._stopping: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take requests."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        self._task = asyncio.create_task(self._background(self))
        self._started_call()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what is still open."""
        self._task.cancel()
        await super().shutdown(sockets)

    def stop(self) -> None:
        """Refuse new requests, answer those that were accepted, then end. May be called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        self.serving.gate.stopping = True
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        ends = asyncio.get_running_loop().time() + self.grace_s
        await asyncio.sleep(LINGER_S)
        while self.serving.gate.open and asyncio.get_running_loop().time() < ends:
            await asyncio.sleep(0.02)
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and Ctrl-C stop gracefully, a second one at once. They are not raised again, as uvicorn does."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came."""
        if self._loop is None or self.serving.gate.stopping:  # nothing was accepted yet, or it is the second
            self.should_exit = self.force_exit = True
        self.stop()


def bound(host: str, port: int) -> socket.socket:
    """A socket on which nobody listens yet; port 0 takes one that is free. Raises ZooError."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, proto)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or error
        raise ZooError(f"cannot serve on {host}, port {port}: {why}; choose another --host or --port") from None
    return found


def address(listening: socket.socket) -> str:
    """The URL of a socket."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
