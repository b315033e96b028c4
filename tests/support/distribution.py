"""A container registry on the loopback, as far as `skopeo copy` needs one (OCI distribution-spec v1.1)."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Registry:
    """What was pushed: blobs by digest, manifests by `NAME REF` with their media types, uploads on their way."""

    address: str = ""
    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class _Handler(BaseHTTPRequestHandler):
    state: Registry
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: Any) -> None:
        """Quiet."""

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        data = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/v2/":
            self.answer(200)
        elif found := re.fullmatch(r"/v2/.+/blobs/(sha256:[0-9a-f]{64})", path):
            data = self.state.blobs.get(found[1])
            self.answer(404) if data is None else self.answer(200, data, Docker_Content_Digest=found[1])
        elif (found := re.fullmatch(r"/v2/(.+)/manifests/(.+)", path)) and (
            told := self.state.manifests.get(f"{found[1]} {found[2]}")
        ):
            self.answer(200, told[1], Content_Type=told[0], Docker_Content_Digest=digest(told[1]))
        else:
            self.answer(404)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        place = f"{urlsplit(self.path).path.rstrip('/')}/{len(self.state.uploads)}"
        self.state.uploads[place] = self.body()
        self.answer(202, Location=place, Range="0-0")

    def do_PATCH(self) -> None:
        place = urlsplit(self.path).path
        self.state.uploads[place] += self.body()
        self.answer(202, Location=place, Range=f"0-{len(self.state.uploads[place]) - 1}")

    def do_PUT(self) -> None:
        split, data = urlsplit(self.path), self.body()
        if found := re.fullmatch(r"/v2/(.+)/manifests/(.+)", split.path):
            for reference in (found[2], digest(data)):
                self.state.manifests[f"{found[1]} {reference}"] = (self.headers["Content-Type"], data)
            self.answer(201, Docker_Content_Digest=digest(data), Location=split.path)
            return
        whole, wanted = self.state.uploads[split.path] + data, parse_qs(split.query)["digest"][0]
        self.state.blobs[wanted] = whole
        self.answer(201 if digest(whole) == wanted else 400, Docker_Content_Digest=wanted, Location=split.path)


@contextmanager
def container_registry() -> Iterator[Registry]:
    """It, while the block runs."""
    state = Registry()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    state.address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
