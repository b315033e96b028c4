"""Where a published version lies: a folder, a web server, or a commit on a hub."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote, urlsplit

from zoosmith.common import safe
from zoosmith.contract.errors import ZooError
from zoosmith.transfer import http
from zoosmith.transfer.min_rate import TooSlow
from zoosmith.transfer.retry import RetryPolicy, TransientError, Unreachable

MAY_NAME = {  # what a registry of this scheme may point to
    "file": ("file", "http", "https", "hf"),
    "http": ("http", "https", "hf"),
    "https": ("https", "hf"),
    "hf": ("https", "hf"),
}


class Stream(Protocol):
    """Bytes of a file from `start` on; `total` is its whole length, if the server says it."""

    start: int
    total: int | None

    def read(self, most: int) -> bytes:
        """The next bytes, at most so many; none at the end. Raises TransientError if the connection is lost."""

    def close(self) -> None:
        """Close the file or connection, read to its end or not."""


class Location(Protocol):
    """A folder of files that can be opened by path."""

    def open(self, path: str, start: int, retry: RetryPolicy) -> Stream:
        """Bytes of a file from `start` on, or from 0 if the location cannot skip. Raises ZooError or TransientError."""


@dataclass
class FileStream:
    """A regular file on this machine."""

    handle: int
    start: int
    total: int | None

    def read(self, most: int) -> bytes:
        """Read; a file on a lost network drive raises TransientError."""
        try:
            return os.read(self.handle, most)
        except OSError as error:
            raise TransientError(f"reading failed ({error.strerror})") from None

    def close(self) -> None:
        """Close the file."""
        os.close(self.handle)


@dataclass(frozen=True)
class Folder:
    """Files below `root`; links and special files are refused."""

    root: Path

    def open(self, path: str, start: int, retry: RetryPolicy) -> Stream:
        """Open `path` below the root."""
        file = self.root / safe.path(path)
        try:
            handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise ZooError(f"{file} cannot be read ({error.strerror}), or is a link") from None
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            os.close(handle)
            raise ZooError(f"{file} is no regular file")
        start = start if start <= status.st_size else 0
        os.lseek(handle, start, os.SEEK_SET)
        return FileStream(handle, start, status.st_size)


@dataclass
class WebStream:
    """The body of an answer."""

    answer: HTTPResponse
    start: int
    total: int | None

    def read(self, most: int) -> bytes:
        """Read; what breaks off raises TransientError."""
        try:
            return self.answer.read1(most)
        except TooSlow as error:
            raise TransientError(str(error)) from None
        except (OSError, HTTPException, ValueError) as error:
            raise TransientError(f"the connection was lost ({type(error).__name__})") from None

    def close(self) -> None:
        """Close the connection."""
        self.answer.close()


@dataclass(frozen=True)
class Web:
    """Files by URL. `headers` gives what to send, such as a token, when it is needed."""

    url_of: Callable[[str], str]
    headers: Callable[[], dict[str, str]] = dict

    def open(self, path: str, start: int, retry: RetryPolicy) -> Stream:
        """Ask for the rest of a file; if the server cannot skip, for all of it."""
        headers = self.headers()
        if start:
            headers["Range"] = f"bytes={start}-"
        answer = http.get(self.url_of(safe.path(path)), headers, retry.timeout_s)
        if answer.status == 206 and _begins(answer) == start:
            return WebStream(answer, start, http.length(answer))
        if answer.status == 200:
            return WebStream(answer, 0, http.length(answer))
        answer.close()
        if start:
            return self.open(path, 0, retry)
        raise ZooError(f"{path}: the server answered {answer.status} to a plain request")


def location_at(location: str, base: str) -> Location:
    """The location that a registry at the folder URL `base` names: relative to it, or a URL of its own.

    Raises ZooError for paths that leave it, and for schemes that such a registry may not point to.
    """
    scheme = urlsplit(base).scheme
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", location):
        return within(base, safe.path(location.rstrip("/")))
    split = safe.url(location, named=scheme == "http")
    if split.scheme not in MAY_NAME[scheme]:
        raise ZooError(f"a registry by {scheme} may not point to {split.scheme}: {location!a}")
    if split.scheme == "hf" and "@" not in location:
        raise ZooError(f"{location} names no commit; a published version is hf://ORG/NAME@COMMIT")
    return within(location, "")


def within(base: str, inside: str) -> Location:
    """The folder `inside` of a URL that was checked."""
    split = urlsplit(base)
    if split.scheme == "file":
        return Folder(Path(unquote(split.path)) / inside)
    prefix = f"{inside}/" if inside else ""
    if split.scheme == "hf":
        found = safe.HUB.fullmatch(base)
        assert found
        repo, revision = found["repo"], found["commit"] or "main"
        return Web(lambda path: _hub_url(repo, prefix + path, revision), _hub_headers)
    root = base if base.endswith("/") else base + "/"
    return Web(lambda path: root + quote(prefix + path))


def _begins(answer: HTTPResponse) -> int | None:
    found = re.match(r"bytes (\d{1,20})-", answer.headers.get("Content-Range") or "", re.A)
    return int(found[1]) if found else None


def _hub_url(repo: str, path: str, revision: str) -> str:
    from huggingface_hub import constants, hf_hub_url

    if constants.HF_HUB_OFFLINE:
        raise Unreachable(f"{repo} is not asked, because HF_HUB_OFFLINE is set; unset it, or use what is in the cache")
    return hf_hub_url(repo, path, revision=revision)


def _hub_headers() -> dict[str, str]:
    from huggingface_hub.utils._headers import build_hf_headers

    return {name: value for name, value in build_hf_headers().items() if name.lower() == "authorization"}
