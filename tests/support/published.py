"""A published zoo as a folder: registry.json and NAME/v<N>/ with pointer and files, and a server of it with faults."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.support.records import build, measurement
from zoosmith.common.canonical import digest, pretty
from zoosmith.records.registry import Registry, Row, to_text
from zoosmith.records.rows import merged, row

MANIFEST = "manifest.json"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def manifest(files: dict[str, bytes], format: str = "onnx") -> bytes:
    """manifest.json of an artifact of these files."""
    hashes = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    task = {"kind": "text-classification", "inputs": ["text"], "labels": ["negative", "positive"], "max_length": 32}
    body = {"schema": 1, "format": format, "precision": "fp32", "task": task, "files": hashes}
    return pretty(body).encode()


def row_of(name: str, files: dict[str, bytes], **changed: Any) -> Row:
    """The registry's row of an artifact of these files."""
    listed = [
        {"path": path, "size": len(files[path]), "sha256": hashlib.sha256(files[path]).hexdigest()}
        for path in sorted(files, key=lambda path: Path(path))
    ]
    tree = digest([[file["path"], file["size"], file["sha256"]] for file in listed])
    built = build(name, files=listed, tree_digest=tree, **changed)
    return row(built, [measurement(name, tree_digest=tree)], [], f"model_cards/{name}.md")


def publish(
    root: Path,
    name: str,
    files: dict[str, bytes],
    at: Callable[[str], str] = lambda path: path,
    **changed: Any,
) -> Row:
    """Add a version of `name` with these files (and a manifest, if there is none) to the registry at `root`."""
    files = {MANIFEST: manifest(files), **files}
    made = row_of(name, files, **changed)
    file = root / "registry.json"
    registry = Registry.model_validate(json.loads(file.read_text())) if file.is_file() else Registry()
    number = registry.artifacts[name].latest + 1 if name in registry.artifacts else 1
    made = made.model_copy(update={"locations": (f"{name}/v{number}/",)})
    folder = root / name / f"v{number}"
    for path, data in files.items():
        (folder / at(path)).parent.mkdir(parents=True, exist_ok=True)
        (folder / at(path)).write_bytes(data)
    (folder / "zoosmith.json").write_text(pretty(pointer(name, number, made, at)))
    (folder / "README.md").write_text("# Card\n")
    (folder.parent / "latest").write_text(f"{number}\n")
    file.write_text(to_text(merged(registry, name, made)))
    return made


def pointer(name: str, number: int, made: Row, at: Callable[[str], str]) -> dict[str, Any]:
    """zoosmith.json of a published version."""
    files = [file.model_dump() | {"at": at(file.path)} for file in made.files]
    about = {"schema": 1, "name": name, "version": number, "tree_digest": made.tree_digest}
    return about | {"format": made.format, "precision": made.precision, "files": files}


@dataclass
class Fault:
    """What the server does instead of answering, the first `times` that a path ending in `path` is asked for.

    kinds: status (with `status`, `headers`), cut, endless, short (Content-Length too small), long (too large),
    wrong (one byte differs), redirect (to `target`), slow (a pause of `seconds` in the middle), garbage (no HTTP),
    ignore-range (all bytes, whatever was asked for), drip (the body, a byte every `seconds`), crawl (so the headers),
    cap (no answer is longer than `size`), cap-whole (the same, and it always starts from the first byte), interim (100
    Continue without end), padded (chunks of a byte, each with a long extension), trailers (after the body, without end)
    """

    kind: str
    path: str = ""
    times: int = 1
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    target: str = ""
    seconds: float = 0.5
    size: int = 0


@dataclass
class Server:
    """State of a served folder."""

    root: Path
    faults: list[Fault] = field(default_factory=list)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)
    headers: list[dict[str, str]] = field(default_factory=list)
    tagged: bool = True
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault(self, path: str) -> Fault | None:
        """The fault that is due for a path; it is then used up once."""
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and path.endswith(fault.path):
                    fault.times -= 1
                    return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    server_state: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        state, path = self.server_state, unquote(urlsplit(self.path).path)
        wanted = self.headers.get("Range")
        state.asked.append((path, wanted))
        state.headers.append(dict(self.headers))
        fault = state.fault(path)
        file = state.root / path.lstrip("/")
        if fault and fault.kind in (
            "status",
            "redirect",
            "garbage",
            "endless",
            "crawl",
            "interim",
            "padded",
            "trailers",
        ):
            getattr(self, fault.kind)(fault)
        elif not file.is_file():
            self.plain(404, b"")
        else:
            self.give(path, file.read_bytes(), wanted, fault)
        self.close_connection = True

    def give(self, path: str, data: bytes, wanted: str | None, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        tag = f'"{hashlib.sha256(data).hexdigest()[:16]}"'
        if self.server_state.tagged and self.headers.get("If-None-Match") == tag:
            self.plain(304, b"")
            return
        whole, start = len(data), 0
        if wanted and kind not in ("ignore-range", "cap-whole") and (found := re.fullmatch(r"bytes=(\d+)-", wanted)):
            start = int(found[1])
        if kind == "wrong":
            data = data[:-1] + bytes([data[-1] ^ 1])
        body = data[start:]
        told = {"short": len(body) - 1, "long": len(body) + 7}.get(kind, len(body))
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole + (told - len(body))}")
        if self.server_state.tagged:
            self.send_header("ETag", tag)
        self.send_header("Content-Length", str(told))
        self.end_headers()
        self.body(path, body, fault)

    def body(self, path: str, body: bytes, fault: Fault | None) -> None:
        half = len(body) // 2
        if fault and fault.kind == "cut":
            body = body[:half]
        if fault and fault.kind in ("cap", "cap-whole"):
            body = body[: fault.size]
        if fault and fault.kind == "slow":
            self.wfile.write(body[:half])
            self.wfile.flush()
            time.sleep(fault.seconds)
            body = body[half:]
        if fault and fault.kind == "drip":
            self.drip(body, fault.seconds)
            return
        self.server_state.sent[path] += len(body)  # before the client has it all and asks what was sent
        self.wfile.write(body)

    def plain(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def status(self, fault: Fault) -> None:
        self.plain(fault.status, b"no", fault.headers)

    def redirect(self, fault: Fault) -> None:
        self.plain(302, b"", {"Location": fault.target})

    def garbage(self, fault: Fault) -> None:
        self.wfile.write(b"\x00\xff220 this is no HTTP\r\n\r\n" * 50)

    def crawl(self, fault: Fault) -> None:
        self.drip(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 60_000, fault.seconds)

    def drip(self, data: bytes, seconds: float) -> None:
        """Byte by byte, until the other side has enough."""
        try:
            for i in range(len(data)):
                self.wfile.write(data[i : i + 1])
                time.sleep(seconds)
        except OSError:
            return

    def interim(self, fault: Fault) -> None:
        self.forever(b"", b"HTTP/1.1 100 Continue\r\nX-Long: " + b"x" * 60_000 + b"\r\n\r\n")

    def padded(self, fault: Fault) -> None:
        self.forever(CHUNKED, b"1;x=" + b"x" * 60_000 + b"\r\na\r\n", fault.seconds)

    def trailers(self, fault: Fault) -> None:
        self.forever(CHUNKED + b"1\r\na\r\n0\r\n", b"X-Long: " + b"x" * 60_000 + b"\r\n")

    def forever(self, first: bytes, more: bytes, seconds: float = 0.0) -> None:
        """Fast enough for any count of raw bytes, until the other side has enough."""
        try:
            self.wfile.write(first)
            while True:
                self.wfile.write(more)
                self.wfile.flush()
                self.server_state.sent["forever"] += len(more)
                time.sleep(seconds)
        except OSError:
            return

    def endless(self, fault: Fault) -> None:
        """Zeros until the other side has enough; `sent` tells how many it took."""
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(bytes(1 << 16))
                self.server_state.sent["endless"] += 1 << 16
        except OSError:
            return


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is what the tests are about."""


@contextmanager
def serving(root: Path, *faults: Fault) -> Iterator[Server]:
    """The folder over HTTP on the loopback while the block runs."""
    state = Server(root, list(faults))
    server = _Quiet(("127.0.0.1", 0), type("Handler", (_Handler,), {"server_state": state}))
    state.url = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
