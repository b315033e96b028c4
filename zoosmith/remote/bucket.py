"""Objects of a bucket or a folder through obstore, which speaks S3, GCS, Azure, WebDAV and file systems.

Reading goes in pieces, the next one on its way while one is hashed: so a request is of bounded size, and its time limit
ends servers that drip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from importlib.util import find_spec
from typing import Any

from zoosmith.remote.config import CacheConfig
from zoosmith.remote.faults import fault_of, lacks_conditions
from zoosmith.remote.objects import Listed
from zoosmith.remote.stores import CacheFault
from zoosmith.transfer.retry import RetryPolicy, TransientError

PIECE = 8 << 20  # bytes of a request
PATIENCE = 6  # a request of one piece may take so many times the time to the first byte
_in_memory: dict[str, Any] = {}  # by URL: a store of this process


class Bucket:
    """`Objects` below a URL. Nothing is asked, and obstore not imported, before the first call."""

    def __init__(self, config: CacheConfig) -> None:
        """Below the URL of `config`; credentials come from the environment, as the clouds' own tools read them."""
        self.config = config
        self._conditions = True  # that it can write an object only where there is none, until it says otherwise

    @cached_property
    def store(self) -> Any:
        """obstore's store. Raises CacheFault where obstore is missing or the URL cannot be opened."""
        if find_spec("obstore") is None:
            raise CacheFault("unsupported", "it needs obstore, which `pip install 'zoosmith[remote]'` brings")
        from obstore.store import MemoryStore, from_url

        config = self.config
        if config.scheme == "memory":
            return _in_memory.setdefault(config.url, MemoryStore())
        if config.scheme == "file":
            return from_url(config.url)
        named = {"endpoint": config.endpoint, "region": config.region} if config.scheme == "s3" else {}
        told = {name: value for name, value in named.items() if value}
        return from_url(config.url, client_options=_client(config), retry_config=_retries(config), **told)

    def size(self, name: str) -> int | None:
        """Bytes of an object."""
        import obstore

        with self._asking():
            return int(obstore.head(self.store, name)["size"])
        return None

    def read(self, name: str, limit: int) -> bytes | None:
        """A small object."""
        import obstore

        with self._asking():
            found = obstore.get(self.store, name)
            if found.meta["size"] > limit:
                raise CacheFault("wrong", f"{name} is longer than {limit} bytes there, so it is not read")
            return bytes(found.bytes())
        return None

    def open(self, path: str, start: int, retry: RetryPolicy) -> Pieces:
        """Bytes of an object from `start` on. Raises FileNotFoundError, TransientError, CacheFault."""
        size = self.size(path)
        if size is None:
            raise FileNotFoundError(path)
        return Pieces(lambda begin, end: self._piece(path, begin, end), start, size)

    def create(self, name: str, data: bytes, *, again: bool = False) -> bool:
        """Write an object in one request; False if there is one.

        Where the store has no such condition (WebDAV, Swift), it is asked first: equal bytes over equal ones do no
        harm.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with self._asking(absent=True):
            if self._conditions and not again:
                try:
                    obstore.put(self.store, name, data, mode="create")
                    return True
                except AlreadyExistsError:
                    return False
                except Exception as error:  # obstore raises many kinds; all but one go on as they are
                    if not lacks_conditions(error):
                        raise
                    self._conditions = False
            if not again and self.size(name) is not None:
                return False
            obstore.put(self.store, name, data, mode="overwrite", use_multipart=False)
        return True

    def send(self, name: str, chunks: Iterable[bytes]) -> None:
        """Write a large object in parts, which become one at the end; WebDAV has none, so there it goes from memory."""
        import obstore

        with self._asking(absent=True):
            if self.config.scheme in ("http", "https"):
                obstore.put(self.store, name, b"".join(chunks), use_multipart=False)
                return
            obstore.put(self.store, name, iter(chunks), chunk_size=PIECE, max_concurrency=4)

    def listed(self, prefix: str) -> Iterator[Listed]:
        """The objects below a prefix."""
        import obstore

        with self._asking():
            for batch in obstore.list(self.store, prefix):
                for one in batch:
                    yield Listed(one["path"], one["size"], one["last_modified"])

    def delete(self, name: str) -> None:
        """Remove an object."""
        import obstore

        with self._asking():
            obstore.delete(self.store, name)

    def _piece(self, name: str, begin: int, end: int) -> memoryview:
        import obstore

        try:
            with self._asking(absent=True):
                return memoryview(obstore.get_range(self.store, name, start=begin, end=end))
        except CacheFault as fault:
            if fault.kind == "unreachable":
                raise TransientError(str(fault)) from None
            if fault.kind == "missing":  # it was there a moment ago
                raise FileNotFoundError(name) from None
            raise

    @contextmanager
    def _asking(self, absent: bool = False) -> Iterator[None]:
        """Faults of obstore as ours; what is not there is passed over unless `absent` is a fault."""
        try:
            yield
        except CacheFault:
            raise
        except Exception as error:
            fault = fault_of(error, self.config)
            if fault is None:
                raise
            if fault.kind != "missing" or absent:
                raise fault from None


class Pieces:
    """The bytes of an object in requests of PIECE, one of them ahead; a `Stream` of zoosmith.transfer."""

    def __init__(self, ask: Callable[[int, int], memoryview], start: int, total: int) -> None:
        """From byte `start` of `total`; `ask` gives the bytes from one place to another."""
        self.start = start
        self.total: int | None = total
        self._ask, self._next, self._last = ask, start, total
        self._pool = ThreadPoolExecutor(1)
        self._waiting: Future[memoryview] | None = None
        self._here = memoryview(b"")
        self._begin()

    def _begin(self) -> None:
        if self._next < self._last:
            end = min(self._next + PIECE, self._last)
            self._waiting = self._pool.submit(self._ask, self._next, end)
            self._next = end

    def read(self, most: int) -> bytes:
        """The next bytes, at most so many. Raises TransientError where they did not come."""
        if not self._here and self._waiting:
            waiting, self._waiting = self._waiting, None
            self._here = waiting.result()
            self._begin()
        data, self._here = self._here[:most], self._here[most:]
        return bytes(data)

    def close(self) -> None:
        """Ask for no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _client(config: CacheConfig) -> dict[str, Any]:
    return {
        "allow_http": config.scheme == "http" or config.endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=config.timeout_s),
        "read_timeout": timedelta(seconds=config.timeout_s),
        "timeout": timedelta(seconds=config.timeout_s * PATIENCE),
    }


def _retries(config: CacheConfig) -> dict[str, Any]:
    backoff = {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=2), "base": 2}
    return {"max_retries": 2, "retry_timeout": timedelta(seconds=config.timeout_s), "backoff": backoff}
