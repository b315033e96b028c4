"""One file of a registry's row from a location: hashed while it streams, never longer than the row says, resumed."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from zoosmith.contract.errors import ZooError
from zoosmith.records.schema import File
from zoosmith.transfer.locations import Location, Stream
from zoosmith.transfer.retry import RetryPolicy, TransientError

CHUNK = 1 << 20
AHEAD = 8  # chunks that reading may be ahead of hashing: what bounds the memory
WON = 1 << 20  # bytes beyond all that there ever were, which make a lost connection count as progress
Tell = Callable[[int], None]
"""Called with the number of bytes received; negative if bytes turned out wrong."""


class Sha256:
    """SHA-256 in a thread of its own: hashlib lets go of the interpreter, so reading and writing go on meanwhile."""

    def __init__(self) -> None:
        """Start with no bytes, and the hashing thread."""
        self.hash = hashlib.sha256()
        self.pool = ThreadPoolExecutor(1)
        self.waiting: deque[Future[None]] = deque()

    def update(self, data: bytes) -> None:
        """Add `data`; waits while AHEAD chunks are still to be hashed."""
        if len(self.waiting) == AHEAD:
            self.waiting.popleft().result()
        self.waiting.append(self.pool.submit(self.hash.update, data))

    def hexdigest(self) -> str:
        """Hex digest of all bytes added so far; waits until they are hashed."""
        while self.waiting:
            self.waiting.popleft().result()
        return self.hash.hexdigest()

    def close(self) -> None:
        """End the thread."""
        self.pool.shutdown(cancel_futures=True)


class Part:
    """A file on its way: what is on disk, and the hash of it so far."""

    def __init__(self, path: Path, file: File, tell: Tell) -> None:
        """Take up what an interrupted download left in `path`. Raises OSError if it is a link."""
        self.file, self.tell, self.have, self.best = file, tell, 0, 0
        self.hash = Sha256()
        self.handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        if os.fstat(self.handle).st_size > file.size:
            os.ftruncate(self.handle, 0)
        while data := os.read(self.handle, CHUNK):
            self._count(data)
        self.best = self.have

    def restart(self) -> None:
        """Start again from the first byte."""
        os.ftruncate(self.handle, 0)
        os.lseek(self.handle, 0, os.SEEK_SET)
        self.tell(-self.have)
        self.hash.close()
        self.have, self.hash = 0, Sha256()

    def take(self, stream: Stream, stop: threading.Event) -> None:
        """Append the stream up to the file's size. Raises TransientError if it ends too early.

        Only bytes beyond the best so far are progress: one who cuts every answer at the same place makes none.
        """
        best = self.best
        while self.have < self.file.size:
            if stop.is_set():
                raise ZooError("stopped")
            try:
                data = stream.read(min(CHUNK, self.file.size - self.have))
            except TransientError as again:
                raise TransientError(str(again), progressed=self.have - best >= WON) from None
            if not data:
                reason = f"{self.file.path} was cut off after {self.have} of {self.file.size} bytes"
                raise TransientError(reason, progressed=self.have - best >= WON)
            _write(self.handle, data)
            self._count(data)
            self.best = max(self.best, self.have)

    @property
    def right(self) -> bool:
        """Whether size and hash are those of the row."""
        return self.have == self.file.size and self.hash.hexdigest() == self.file.sha256

    def close(self, *, durable: bool) -> None:
        """Close the file, after it is on disk if `durable`."""
        self.hash.close()
        try:
            if durable:
                os.fsync(self.handle)
        finally:
            os.close(self.handle)

    def _count(self, data: bytes) -> None:
        self.hash.update(data)
        self.have += len(data)
        self.tell(len(data))


def download(location: Location, at: str, file: File, path: Path, tell: Tell, retry: RetryPolicy) -> None:
    """Make `path` the bytes of `file`, which lies at `at`; what `path` holds already is used.

    Raises ZooError if the location gives other bytes or none; then `path` may hold a part for the next try.
    """
    part = Part(path, file, tell)
    try:
        if not part.right:
            retry.until_done(lambda: _attempt(location, at, part, retry))
    except BaseException:
        part.close(durable=False)
        raise
    part.close(durable=True)


def _attempt(location: Location, at: str, part: Part, retry: RetryPolicy) -> None:
    """Fetch the rest. Wrong bytes after a resumption may come from before it, so they are fetched once more."""
    file, resumed = part.file, part.have
    if resumed == file.size:
        part.restart()
        resumed = 0
    stream = location.open(at, resumed, retry)
    try:
        if stream.total not in (None, file.size):
            raise ZooError(f"{file.path} has {stream.total} bytes there instead of {file.size}: refused")
        if stream.start != resumed:
            part.restart()
        part.take(stream, retry.stop)
    finally:
        stream.close()
    if part.right:
        return
    part.restart()
    if stream.start:
        _attempt(location, at, part, retry)
        return
    raise ZooError(f"{file.path} has other bytes there than it should (SHA-256 differs): refused")


def _write(handle: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]
