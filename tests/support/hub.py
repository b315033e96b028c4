"""A model hub on the loopback: serves a folder laid out as hub repositories, for the real client libraries.

    root/models/<org>/<name>/<files>      root/datasets/<org>/<name>/<files>

Each repository has one commit, the SHA-1 of its contents unless `commits` says otherwise. Routes as
huggingface_hub 2.4 and datasets 5.2 ask for them.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

API = re.compile(r"/api/(?P<kind>models|datasets)/(?P<repo>[^/]+/[^/]+)(?P<rest>/.*)?")
RESOLVE = re.compile(r"/(?:(?P<kind>datasets)/)?(?P<repo>[^/]+/[^/]+)/resolve/(?P<rev>[^/]+)/(?P<path>.+)")


class Hub:
    """State of the server: the folder, the commits, and what was asked."""

    def __init__(self, root: Path, commits: dict[str, str] | None = None) -> None:
        self.root = root
        self.commits = commits or {}
        self.asked: list[str] = []
        self.gated: set[str] = set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def folder(self, kind: str, repo: str) -> Path | None:
        """Folder of a repository, or None."""
        path = self.root / kind / repo
        return path if path.is_dir() else None

    def commit(self, kind: str, repo: str) -> str:
        """The one commit of a repository."""
        if repo in self.commits:
            return self.commits[repo]
        folder = self.root / kind / repo
        digest = hashlib.sha1(usedforsecurity=False)
        for file in files(folder):
            digest.update(file.encode() + (folder / file).read_bytes())
        return digest.hexdigest()


def files(folder: Path) -> list[str]:
    """Files of a repository, sorted."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: Any) -> None:
        """Quiet."""

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(body=True)

    def answer(self, body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append(f"{self.command} {path}")
        if match := API.fullmatch(path):
            self.api(match["kind"], match["repo"], (match["rest"] or "").strip("/"))
        elif match := RESOLVE.fullmatch(path):
            self.file(match["kind"] or "models", match["repo"], match["rev"], match["path"], body)
        else:
            self.send(404, b"{}", {"X-Error-Code": "EntryNotFound"})

    def known(self, kind: str, repo: str, revision: str) -> Path | None:
        folder = self.hub.folder(kind, repo)
        if folder is None:
            self.send(404, b'{"error": "Repository not found"}', {"X-Error-Code": "RepoNotFound"})
        elif repo in self.hub.gated:
            self.send(403, b'{"error": "Access is restricted"}', {"X-Error-Code": "GatedRepo"})
        elif revision not in ("main", self.hub.commit(kind, repo)):
            self.send(404, b'{"error": "Revision not found"}', {"X-Error-Code": "RevisionNotFound"})
        else:
            return folder
        return None

    def api(self, kind: str, repo: str, rest: str) -> None:
        what, _, tail = rest.partition("/")
        revision, _, inside = tail.partition("/")
        folder = self.known(kind, repo, revision or "main")
        if folder is None:
            return
        if what in ("", "revision"):
            self.json(self.info(kind, repo, folder))
        elif what == "tree":
            self.tree(folder, inside)
        else:
            self.send(404, b"{}", {"X-Error-Code": "EntryNotFound"})

    def info(self, kind: str, repo: str, folder: Path) -> dict[str, Any]:
        return {
            "id": repo, "modelId": repo, "sha": self.hub.commit(kind, repo), "private": False, "gated": False,
            "disabled": False, "tags": [], "downloads": 0, "likes": 0, "author": repo.split("/")[0],
            "lastModified": "2026-01-01T00:00:00.000Z", "createdAt": "2026-01-01T00:00:00.000Z",
            "siblings": [{"rfilename": name} for name in files(folder)],
        }  # fmt: skip

    def tree(self, folder: Path, inside: str) -> None:
        """Files and folders below `inside`; its direct children only, unless the query says recursive."""
        start = folder / inside
        if not start.is_dir():
            self.send(404, b'{"error": "Entry not found"}', {"X-Error-Code": "EntryNotFound"})
            return
        recursive = "recursive=true" in urlsplit(self.path).query.lower()
        found = sorted(start.rglob("*") if recursive else start.iterdir())
        self.json([self.entry(folder, path.relative_to(folder).as_posix()) for path in found])

    def entry(self, folder: Path, name: str) -> dict[str, Any]:
        if (folder / name).is_dir():
            return {"type": "directory", "path": name, "size": 0, "oid": "0" * 40}
        data = (folder / name).read_bytes()
        return {
            "type": "file",
            "path": name,
            "size": len(data),
            "oid": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
        }

    def file(self, kind: str, repo: str, revision: str, path: str, body: bool) -> None:
        folder = self.known(kind, repo, revision)
        if folder is None:
            return
        target = folder / path
        if not target.is_file():
            self.send(404, b"{}", {"X-Error-Code": "EntryNotFound"})
            return
        data = target.read_bytes()
        headers = {
            "X-Repo-Commit": self.hub.commit(kind, repo),
            "ETag": f'"{hashlib.sha256(data).hexdigest()}"',
            "X-Linked-Size": str(len(data)),
            "Accept-Ranges": "bytes",
        }
        self.send(200, data, headers, body)

    def json(self, value: Any) -> None:
        self.send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def send(self, status: int, data: bytes, headers: dict[str, str], body: bool = True) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if body and self.command != "HEAD":
            self.wfile.write(data)


@contextmanager
def serving(root: Path, commits: dict[str, str] | None = None) -> Iterator[Hub]:
    """A hub that runs while the block does."""
    hub = Hub(root, commits)
    thread = threading.Thread(target=hub.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.server.shutdown()
        hub.server.server_close()
        thread.join()
