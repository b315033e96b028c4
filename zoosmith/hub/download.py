"""One file of a registry's row from a place: hashed while it streams, never longer than the row says, resumed."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

from zoosmith.contract import ZooError
from zoosmith.core.records import File
from zoosmith.hub.http import Again, Patience
from zoosmith.hub.places import Place, Stream

CHUNK = 1 << 20
WON = 1 << 20  # bytes that make a lost connection count as progress
Tell = Callable[[int], None]
"""Told how many bytes were won; negative where bytes turned out wrong."""

_buffers = threading.local()


class Part:
    """A file on its way: what is on disk, and the hash of it so far."""

    def __init__(self, path: Path, file: File, tell: Tell) -> None:
        """Take up what an interrupted download left in `path`. Raises OSError where it is a link."""
        self.file, self.tell, self.have = file, tell, 0
        self.hash = hashlib.sha256()
        self.handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        if os.fstat(self.handle).st_size > file.size:
            os.ftruncate(self.handle, 0)
        while count := os.readv(self.handle, [_buffer()]):
            self._count(_buffer()[:count])

    def restart(self) -> None:
        """Forget all of it."""
        os.ftruncate(self.handle, 0)
        os.lseek(self.handle, 0, os.SEEK_SET)
        self.tell(-self.have)
        self.have, self.hash = 0, hashlib.sha256()

    def take(self, stream: Stream, stop: threading.Event) -> None:
        """Append the stream up to the file's size. Raises Again where it ends too early."""
        begun = self.have
        while self.have < self.file.size:
            if stop.is_set():
                raise ZooError("stopped")
            buffer = _buffer()[: self.file.size - self.have]
            try:
                count = stream.readinto(buffer)
            except Again as again:
                raise Again(str(again), progressed=self.have - begun >= WON) from None
            if count == 0:
                reason = f"{self.file.path} was cut off after {self.have} of {self.file.size} bytes"
                raise Again(reason, progressed=self.have - begun >= WON)
            _write(self.handle, buffer[:count])
            self._count(buffer[:count])

    @property
    def right(self) -> bool:
        """Whether size and hash are those of the row."""
        return self.have == self.file.size and self.hash.hexdigest() == self.file.sha256

    def close(self, *, durable: bool) -> None:
        """Close the file, after it is on disk if `durable`."""
        try:
            if durable:
                os.fsync(self.handle)
        finally:
            os.close(self.handle)

    def _count(self, data: memoryview) -> None:
        self.hash.update(data)
        self.have += len(data)
        self.tell(len(data))


def download(place: Place, at: str, file: File, path: Path, tell: Tell, patience: Patience) -> None:
    """Make `path` the bytes of `file`, which lies at `at`; what `path` holds already is used.

    Raises ZooError where the place gives other bytes or none; then `path` may hold a part for the next try.
    """
    part = Part(path, file, tell)
    try:
        if not part.right:
            patience.until_done(lambda: _attempt(place, at, part, patience))
    except BaseException:
        part.close(durable=False)
        raise
    part.close(durable=True)


def _attempt(place: Place, at: str, part: Part, patience: Patience) -> None:
    """Fetch the rest. Wrong bytes after a resumption may come from before it, so they are fetched once more."""
    file, resumed = part.file, part.have
    if resumed == file.size:
        part.restart()
        resumed = 0
    stream = place.open(at, resumed, patience)
    try:
        if stream.total not in (None, file.size):
            raise ZooError(f"{file.path} has {stream.total} bytes there instead of {file.size}: refused")
        if stream.start != resumed:
            part.restart()
        part.take(stream, patience.stop)
    finally:
        stream.close()
    if part.right:
        return
    part.restart()
    if stream.start:
        _attempt(place, at, part, patience)
        return
    raise ZooError(f"{file.path} has other bytes there than it should (SHA-256 differs): refused")


def _write(handle: int, data: memoryview) -> None:
    while data:
        data = data[os.write(handle, data) :]


def _buffer() -> memoryview:
    """One buffer a thread."""
    if not hasattr(_buffers, "bytes"):
        _buffers.bytes = bytearray(CHUNK)
    return memoryview(_buffers.bytes)
