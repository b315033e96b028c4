"""The HTTP side: bodies, faults, answers."""

from __future__ import annotations

import io
import json
import re
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import unquote, urlsplit

from tests.support.hub import routes
from tests.support.hub.faults import Fault
from tests.support.hub.repos import Refused

if TYPE_CHECKING:
    from tests.support.hub import Hub

CHUNK = 1 << 18
RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class Cut(Exception):
    """The connection is to end here, without an answer."""


class Handler(BaseHTTPRequestHandler):
    """One connection. `body` is what the client sent, unless a route takes it as a stream."""

    hub: Hub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    fault: Fault | None

    def log_message(self, *arguments: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.respond()

    def do_HEAD(self) -> None:
        self.respond()

    def do_POST(self) -> None:
        self.respond()

    def do_PUT(self) -> None:
        self.respond()

    def respond(self) -> None:
        self.path_only = unquote(urlsplit(self.path).path)
        request = f"{self.command} {self.path_only}"
        self.hub.asked.append(request)
        self.hub.tokens.add(self.headers.get("Authorization", "").removeprefix("Bearer "))
        self.fault = self.hub.faults.take(request)
        try:
            self.body = b"".join(self.stream()) if self.command != "PUT" else b""
            if self.fault and self.fault.what == "slow":
                time.sleep(self.fault.seconds)
            if self.fault and isinstance(self.fault.what, int):
                for _ in self.stream() if self.command == "PUT" else ():
                    pass
                raise Refused(self.fault.what)
            routes.answer(self)
        except Refused as refused:
            self.refuse(refused)
        except Cut:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def refuse(self, refused: Refused) -> None:
        """The error, with the client's credentials in its text: whoever prints that gives them away."""
        text = f"{refused.message} for {self.headers.get('Authorization', 'nobody')}"
        headers = {"X-Error-Code": refused.code} if refused.code else {}
        headers |= dict(self.fault.headers) if self.fault else {}
        self.send(refused.status, json.dumps({"error": text, **refused.more}).encode(), headers)

    def stream(self) -> Iterator[bytes]:
        """The request's body, by Content-Length or in chunks."""
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = whole = int(self.headers.get("Content-Length", 0))
        while left:
            if self.fault and self.fault.what == "cut" and left <= whole / 2:
                raise Cut
            data = self.rfile.read(min(CHUNK, max(left // 2, 1)))
            if not data:
                raise Cut
            left -= len(data)
            yield data

    def json(self, value: Any) -> None:
        self.send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def send(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_body(status, io.BytesIO(data), 0, len(data), headers)

    def ranges(self, path: str) -> None:
        """Remember which part of a file is asked for."""
        if self.command == "GET":
            self.hub.ranges.append((path, self.headers.get("Range", "")))

    def send_file(self, path: Path, headers: dict[str, str]) -> None:
        """A file, or the part that Range asks for."""
        size = path.stat().st_size
        wanted = RANGE.fullmatch(self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted else 0
        stop = min(int(wanted[2]) + 1, size) if wanted and wanted[2] else size
        if wanted and start >= size:
            self.send(416, b"", headers | {"Content-Range": f"bytes */{size}"})
            return
        part = {"Content-Range": f"bytes {start}-{stop - 1}/{size}"} if wanted else {}
        with path.open("rb") as file:
            self.send_body(206 if wanted else 200, file, start, stop, headers | part)

    def send_body(self, status: int, file: BinaryIO, start: int, stop: int, headers: dict[str, str]) -> None:
        if self.fault and self.fault.what == "lost":
            raise Cut
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(stop - start))
        self.end_headers()
        if self.command != "HEAD":
            self.write(file, start, stop)

    def write(self, file: BinaryIO, start: int, stop: int) -> None:
        what = self.fault.what if self.fault else None
        file.seek(start)
        middle = (start + stop) // 2
        while start < stop:
            data = file.read(min(CHUNK, (middle if start < middle else stop) - start))
            if what == "cut" and start >= middle:
                self.wfile.flush()
                raise Cut
            if what == "wrong" and start >= middle:
                data, what = bytes([data[0] ^ 1]) + data[1:], None
            self.wfile.write(data)
            start += len(data)
