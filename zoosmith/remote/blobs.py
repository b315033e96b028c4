"""Blobs over named objects: hashed while they stream in either direction, resumed where they were cut off."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from zoosmith.contract.errors import ZooError
from zoosmith.records.schema import File
from zoosmith.remote.objects import Objects
from zoosmith.remote.stores import CacheFault, Tell, untold
from zoosmith.store.store import CorruptStore
from zoosmith.transfer.download import download
from zoosmith.transfer.retry import RetryPolicy, Unreachable

WHOLE = 8 << 20  # bytes up to which a blob goes in one request, which can say "only if there is none"
CHUNK = 1 << 20
SMALL = 64 << 10  # bytes up to which asking whether a blob is there costs as much as sending it


class Blobs:
    """A `BlobStore` over objects called cas/ab/<sha256>."""

    def __init__(self, objects: Objects, retry: RetryPolicy) -> None:
        """Keep blobs in `objects`; a lost connection is taken up again as `retry` says."""
        self.objects = objects
        self.retry = retry

    def has(self, sha256: str) -> bool:
        """Whether bytes lie under this name."""
        return self.objects.size(name_of(sha256)) is not None

    def get(self, sha256: str, size: int, path: Path, tell: Tell = untold) -> bool:
        """Make `path` the file; False if it is not there. Raises CacheFault."""
        if size == 0:
            path.write_bytes(b"")
            return sha256 == hashlib.sha256().hexdigest()
        name = name_of(sha256)
        try:
            download(self.objects, name, File(path=name, size=size, sha256=sha256), path, tell, self.retry)
        except Unreachable as error:
            raise CacheFault("unreachable", str(error)) from None
        except FileNotFoundError:
            return False
        except ZooError as error:
            path.unlink(missing_ok=True)
            raise CacheFault("wrong", str(error)) from None
        return True

    def read(self, sha256: str, limit: int) -> bytes | None:
        """The bytes; None if they are not there. Raises CacheFault, for other bytes too."""
        data = self.objects.read(name_of(sha256), limit)
        if data is not None and hashlib.sha256(data).hexdigest() != sha256:
            raise CacheFault("wrong", f"{name_of(sha256)} has other bytes there than it should (SHA-256 differs)")
        return data

    def put(self, sha256: str, file: Path, *, again: bool = False) -> int:
        """Add a file's bytes; how many were sent. Raises CacheFault, and CorruptStore for a file with other bytes."""
        size, name = file.stat().st_size, name_of(sha256)
        if not again and size > SMALL and self.objects.size(name) == size:
            return 0
        if size > WHOLE:
            self.objects.send(name, _checked(file, sha256))
            return size
        data = b"".join(_checked(file, sha256))
        return size if self.objects.create(name, data, again=again) else 0


def name_of(sha256: str) -> str:
    """Where a blob lies."""
    return f"cas/{sha256[:2]}/{sha256}"


def _checked(file: Path, sha256: str) -> Iterator[bytes]:
    """The bytes of a file; raises CorruptStore in place of the last chunk if they are others than `sha256` says."""
    found, last = hashlib.sha256(), b""
    with file.open("rb") as reader:
        while chunk := reader.read(CHUNK):
            if last:
                yield last
            found.update(chunk)
            last = chunk
    if found.hexdigest() != sha256:
        raise CorruptStore(f"{file} has other bytes than its name says, so it is not sent")
    if last:
        yield last
