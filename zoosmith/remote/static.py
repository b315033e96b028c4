"""Objects of a web server that is only read: any static one will do, and no package beyond zoosmith's own is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPResponse
from typing import NoReturn, TypeVar

from zoosmith.contract.errors import ZooError
from zoosmith.remote.config import CacheConfig
from zoosmith.remote.objects import Listed
from zoosmith.remote.stores import CacheFault
from zoosmith.transfer import http
from zoosmith.transfer.http import Refused
from zoosmith.transfer.locations import Stream, Web
from zoosmith.transfer.retry import RetryPolicy, Unreachable

GONE = (404, 410)
T = TypeVar("T")


class Static:
    """`Objects` below an http or https URL; writing raises CacheFault."""

    def __init__(self, config: CacheConfig, retry: RetryPolicy) -> None:
        """Below the URL of `config`."""
        self.root = config.url.rstrip("/") + "/"
        self.retry = retry

    def size(self, name: str) -> int | None:
        """Bytes of an object."""
        answer = self._answer(name)
        if answer is None:
            return None
        answer.close()
        return http.length(answer)

    def read(self, name: str, limit: int) -> bytes | None:
        """A small object."""

        def once() -> bytes | None:
            answer = self._get(name)
            return None if answer is None else http.read_all(answer, limit)

        return self._asked(once)

    def open(self, path: str, start: int, retry: RetryPolicy) -> Stream:
        """Bytes of an object from `start` on. Raises FileNotFoundError, TransientError, CacheFault."""
        try:
            return Web(lambda name: self.root + name).open(path, start, retry)
        except Refused as refused:
            if refused.status in GONE:
                raise FileNotFoundError(path) from None
            raise _denied(refused) from None

    def create(self, name: str, data: bytes, *, again: bool = False) -> bool:
        """Raises CacheFault."""
        _read_only()

    def send(self, name: str, chunks: Iterable[bytes]) -> None:
        """Raises CacheFault."""
        _read_only()

    def listed(self, prefix: str) -> Iterator[Listed]:
        """Raises CacheFault: web servers list nothing."""
        _read_only()

    def delete(self, name: str) -> None:
        """Raises CacheFault."""
        _read_only()

    def _answer(self, name: str) -> HTTPResponse | None:
        return self._asked(lambda: self._get(name))

    def _get(self, name: str) -> HTTPResponse | None:
        try:
            return http.get(self.root + name, {}, self.retry.timeout_s)
        except Refused as refused:
            if refused.status in GONE:
                return None
            raise _denied(refused) from None

    def _asked(self, once: Callable[[], T]) -> T:
        try:
            return self.retry.until_done(once)
        except Unreachable as error:
            raise CacheFault("unreachable", str(error)) from None
        except ZooError as error:
            raise CacheFault("wrong", str(error)) from None


def _denied(refused: Refused) -> CacheFault:
    kind = "denied" if refused.status in (401, 403) else "unreachable"
    return CacheFault(kind, f"it answered {refused.status}")


def _read_only() -> NoReturn:
    raise CacheFault("unsupported", "it is only read")
