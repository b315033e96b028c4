"""A bucket on the loopback that speaks as much of S3 as obstore asks for, and fails on demand.

GET (whole and ranges), HEAD, PUT (also `If-None-Match: *`), DELETE (one, and many by POST), ListObjectsV2, multipart
uploads. Source: Amazon S3 API Reference, 2006-03-01. The key id is looked at, signatures are not.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

KEY_ID = "AKIDTEST"
SECRET = "very-secret-words"


@dataclass
class Fault:
    """What is done instead of answering, `times` times, to a method for a name that holds `name`.

    kinds: status (with `status`), denied, full, silent (no answer for `seconds`), drip (a byte every `seconds`),
    cut (in the middle), wrong (one byte differs), short (all but the last byte, as if it were all)
    """

    kind: str
    method: str = ""
    name: str = ""
    times: int = 10**6
    status: int = 500
    seconds: float = 5.0


@dataclass
class S3:
    """The bucket `zoo`: objects by name, and times in seconds since the epoch at which they were written.

    Without `conditions` it refuses a PUT that has one. Where it is `anonymous`, its URL serves as one of a web server
    that takes PUT.
    """

    bucket: str = "zoo"
    objects: dict[str, bytes] = field(default_factory=dict)
    written: dict[str, float] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    url: str = ""
    anonymous: bool = False
    conditions: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, name: str, data: bytes) -> None:
        with self.lock:
            self.objects[name], self.written[name] = data, time.time()

    def fault(self, method: str, name: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and fault.method in ("", method) and fault.name in name:
                    fault.times -= 1
                    return fault
        return None


class Handler(BaseHTTPRequestHandler):
    s3: S3
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def _do(self) -> None:
        split = urlsplit(self.path)
        self.query = parse_qs(split.query, keep_blank_values=True)
        bucket, _, self.name = unquote(split.path).lstrip("/").partition("/")
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        s3 = self.s3
        s3.asked.append(f"{self.command} {self.name}")
        fault = s3.fault(self.command, self.name)
        if fault and self._spoilt(fault):
            return
        known = f"Credential={KEY_ID}/" in self.headers.get("Authorization", "")
        if not known and not s3.anonymous:
            self._error(403, "InvalidAccessKeyId", f"no such key: {self.headers.get('Authorization')}")
        elif bucket != s3.bucket:
            self._error(404, "NoSuchBucket", "The specified bucket does not exist")
        else:
            getattr(self, f"_{self.command.lower()}")(data, fault)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _do  # noqa: N815

    def _spoilt(self, fault: Fault) -> bool:
        """Answer in place of the bucket; False where its own answer is spoilt later."""
        if fault.kind == "status":
            self._error(fault.status, "InternalError", "We encountered an internal error.")
        elif fault.kind == "denied":
            self._error(403, "AccessDenied", f"Access Denied {SECRET}")
        elif fault.kind == "full":
            self._error(507, "XMinioStorageFull", "Storage backend has reached its minimum free drive threshold.")
        elif fault.kind == "silent":
            time.sleep(fault.seconds)
            self.close_connection = True
        else:
            return False
        return True

    def _get(self, data: bytes, fault: Fault | None) -> None:
        if "list-type" in self.query:
            return self._list()
        found = self.s3.objects.get(self.name)
        if found is None:
            return self._error(404, "NoSuchKey", "The specified key does not exist.")
        if fault and fault.kind == "wrong":
            found = found[:-1] + bytes([found[-1] ^ 1])
        status, headers, total = 200, {"Accept-Ranges": "bytes"}, len(found)
        if asked := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or ""):
            begin, end = int(asked[1]), min(int(asked[2] or total - 1), total - 1) + 1
            status, found = 206, found[begin:end]
            headers["Content-Range"] = f"bytes {begin}-{end - 1}/{total}"
        if fault and fault.kind == "short":
            found = found[:-1]
        self._answer(status, found, headers, fault)
        return None

    def _head(self, data: bytes, fault: Fault | None) -> None:
        found = self.s3.objects.get(self.name)
        if found is None:
            self._answer(404, b"", {}, None)
        else:
            self._answer(200, found, {}, None)

    def _put(self, data: bytes, fault: Fault | None) -> None:
        if "partNumber" in self.query:
            self.s3.uploads[self.query["uploadId"][0]][int(self.query["partNumber"][0])] = data
        elif self.headers.get("If-None-Match") and not self.s3.conditions:
            return self._error(501, "NotImplemented", "Conditional object PUTs are not supported.")
        elif self.headers.get("If-None-Match") == "*" and self.name in self.s3.objects:
            return self._error(412, "PreconditionFailed", "At least one of the preconditions did not hold")
        else:
            self.s3.put(self.name, data)
        self._answer(200, b"", {"ETag": f'"{hashlib.md5(data).hexdigest()}"'}, None)
        return None

    def _post(self, data: bytes, fault: Fault | None) -> None:
        if "uploads" in self.query:
            upload = f"u{len(self.s3.uploads)}"
            self.s3.uploads[upload] = {}
            return self._xml(
                f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>"
            )
        if "delete" in self.query:
            names = re.findall(rb"<Key>(.*?)</Key>", data)
            for name in names:
                self.s3.objects.pop(name.decode(), None)
            gone = "".join(f"<Deleted><Key>{name.decode()}</Key></Deleted>" for name in names)
            return self._xml(f"<DeleteResult>{gone}</DeleteResult>")
        parts = self.s3.uploads.pop(self.query["uploadId"][0])
        self.s3.put(self.name, b"".join(parts[number] for number in sorted(parts)))
        return self._xml(
            f"<CompleteMultipartUploadResult><ETag>e</ETag><Key>{self.name}</Key></CompleteMultipartUploadResult>"
        )

    def _delete(self, data: bytes, fault: Fault | None) -> None:
        if "uploadId" in self.query:
            self.s3.uploads.pop(self.query["uploadId"][0], None)
        else:
            self.s3.objects.pop(self.name, None)
        self._answer(204, b"", {}, None)

    def _list(self) -> None:
        prefix = self.query.get("prefix", [""])[0]
        rows = []
        for name, data in sorted(self.s3.objects.items()):
            if name.startswith(prefix):
                day = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(self.s3.written[name]))
                rows.append(f"<Contents><Key>{escape(name)}</Key><LastModified>{day}</LastModified>"
                            f"<ETag>e</ETag><Size>{len(data)}</Size></Contents>")  # fmt: skip
        self._xml(f"<ListBucketResult><IsTruncated>false</IsTruncated>{''.join(rows)}</ListBucketResult>")

    def _xml(self, body: str) -> None:
        self._answer(200, f'<?xml version="1.0"?>{body}'.encode(), {"Content-Type": "application/xml"}, None)

    def _error(self, status: int, code: str, words: str) -> None:
        body = f"<Error><Code>{code}</Code><Message>{escape(words)}</Message></Error>".encode()
        self._answer(status, body, {"Content-Type": "application/xml"}, None)

    def _answer(self, status: int, body: bytes, headers: dict[str, str], fault: Fault | None) -> None:
        self.send_response(status)
        told = {"ETag": '"e"', "Last-Modified": formatdate(usegmt=True)} | headers
        for name, value in (told | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault and fault.kind == "cut":
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        elif fault and fault.kind == "drip":
            for place in range(len(body)):
                time.sleep(fault.seconds)
                self.wfile.write(body[place : place + 1])
        else:
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that go away are what tests are about."""


@contextmanager
def serving() -> Iterator[S3]:
    """A bucket that runs while the block does; `url` is its endpoint."""
    s3 = S3()
    server = _Server(("127.0.0.1", 0), type("Bound", (Handler,), {"s3": s3}))
    s3.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield s3
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    """An S3 server of this test alone, with the right credentials in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with serving() as server:
        yield server
