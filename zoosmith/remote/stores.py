"""The two stores of a cache, as in Bazel's remote cache: bytes by their hash, results by the key of their action."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol

from zoosmith.store.elsewhere import Tell, untold
from zoosmith.store.store import ActionResult

__all__ = ["ActionCache", "BlobStore", "CacheFault", "Taken", "Tell", "untold"]


class CacheFault(Exception):
    """What a cache did wrong, in words that hold no credentials.

    kind: "unreachable" (no answer, or only errors of the server), "denied", "absent" (bucket or folder), "full",
    "wrong" (other bytes than their name says), "unsupported" (by this kind of store), "untrusted" (a result that nobody
    signed who counts; the cache is asked on), "unsigned" (nothing here can sign what must be).
    """

    def __init__(self, kind: str, words: str) -> None:
        """Keep both."""
        super().__init__(words)
        self.kind = kind


class Taken(NamedTuple):
    """A result that is trusted, and who signed it, for people: "" where nobody need have."""

    record: ActionResult
    signer: str = ""


class BlobStore(Protocol):
    """Bytes by SHA-256, 64 hex digits. Every method raises CacheFault; what is not there is no fault."""

    def has(self, sha256: str) -> bool:
        """Whether bytes lie under this name; their hash is looked at by whoever gets them."""

    def get(self, sha256: str, size: int, path: Path, tell: Tell = untold) -> bool:
        """Make `path` a file of these `size` bytes; False if they are not there.

        What an interrupted call left in `path` is used. Never returns True with other bytes; `path` may then be gone.
        """

    def read(self, sha256: str, limit: int) -> bytes | None:
        """The bytes, of at most `limit`; None if they are not there."""

    def put(self, sha256: str, file: Path, *, again: bool = False) -> int:
        """Add the bytes of `file`, and return how many were sent: 0 where they are there already.

        Whole or not at all, by any number of writers at once. `again` replaces what lies there. Raises CorruptStore
        where `file` has other bytes.
        """


class ActionCache(Protocol):
    """Results by the key of their action, 64 hex digits. Every method raises CacheFault."""

    def get(self, key: str) -> Taken | None:
        """The result under a key; None for none. One that is not trusted is a CacheFault of that kind."""

    def put(self, result: ActionResult, *, again: bool = False) -> bool:
        """Add a result after its files; False where the key has one, which stays unless `again`."""
