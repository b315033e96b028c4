"""What a registry says of one artifact, read and written: in one file, or in many (`zoosmith.publish.objects`).

Whoever writes to a folder holds its lock. What is written is whole or not there: registry.json is renamed into its
place last, and nothing that it named before is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from zoosmith.common import safe
from zoosmith.contract.errors import ZooError
from zoosmith.publish import objects
from zoosmith.publish.index_state import behind
from zoosmith.publish.objects import Root, path_of
from zoosmith.publish.opening import FILE
from zoosmith.records.registry import Entry, Registry, parse, to_text
from zoosmith.store.files import sweep_atomic, write_atomic

SMALL = 64 << 10  # registry.json of many files is shorter


class Ledger(Protocol):
    """A registry that is read and written by name."""

    def names(self) -> Iterable[str]:
        """All names."""

    def entry(self, name: str) -> Entry | None:
        """The entry of a name, checked; None where there is none. Raises ZooError for a damaged one."""

    def put(self, name: str, entry: Entry) -> None:
        """Write the entry of a name."""


class InMemory:
    """A registry that is read by `read`, file by file; what is to be written is in `files` by path, the last one last.

    `gone`: objects that nothing needs any more.
    """

    def __init__(self, read: Callable[[str], bytes], what: str) -> None:
        """Read registry.json; one of no names where `read` gives nothing. `what` is its place, for messages."""
        self._read, self.what = read, what
        self.files: dict[str, bytes] = {}
        self.gone: set[str] = set()
        data = read(FILE)
        self.root = root_in(data, what)
        text = data.decode("utf-8", "replace")
        self.registry = Registry() if self.root or not data else parse(text, what)

    def _object(self, sha256: str) -> bytes:
        return self._read(path_of(objects.required(sha256)))

    def names(self) -> Iterable[str]:
        """See Ledger."""
        if self.root is None:
            return self.registry.artifacts
        branches = [objects.parsed(self._object(each), each) for each in self.root.index.values()]
        leaves = [objects.parsed(self._object(each), each) for told in branches for each in told.values()]
        return [name for leaf in leaves for name in leaf]

    def entry(self, name: str) -> Entry | None:
        """See Ledger."""
        if self.root is None:
            return self.registry.artifacts.get(name)
        line = objects.leaf_of(self._object, self.root, name).get(name)
        if line is None:
            return None
        told = objects.entry_of(self._object, line)
        return Registry.model_validate({"schema": 2, "artifacts": {name: told}}).artifacts[name]

    def put(self, name: str, entry: Entry) -> None:
        """See Ledger; it is in `files` then."""
        if self.root is None:
            registry = self.registry.model_copy(update={"artifacts": {**self.registry.artifacts, name: entry}})
            self.files = {FILE: to_text(registry).encode()}
            return
        root, written = objects.with_entry(self._object, self.root, name, entry)
        self.files = {path_of(digest): data for digest, data in written.objects.items()} | {FILE: root.text()}
        self.gone = {*self.root.before} - {*root.before} - written.objects.keys()


class InFolder(InMemory):
    """A registry in a folder; an empty one where there is none."""

    def __init__(self, folder: Path) -> None:
        """Read its registry.json. Hold the lock of the folder."""
        self.folder = folder
        sweep_atomic(folder / FILE)
        super().__init__(self._from_disk, str(folder / FILE))

    def _from_disk(self, path: str) -> bytes:
        if path == FILE and not (self.folder / FILE).is_file():
            return b""
        try:
            return (self.folder / path).read_bytes()
        except OSError as error:
            raise ZooError(f"{self.folder / path} cannot be read ({error.strerror}); take it from a copy") from None

    def put(self, name: str, entry: Entry) -> None:
        """See Ledger."""
        super().put(name, entry)
        signed = not behind(self.folder)
        for path, data in self.files.items():
            write_atomic(self.folder / path, data)
        for digest in self.gone if signed else ():  # until it is renewed, readers of a signed index need what it names
            (self.folder / path_of(digest)).unlink(missing_ok=True)


def root_in(data: bytes, what: str) -> Root | None:
    """The root in a registry.json of many files; None for one of one file. Raises ZooError for a damaged one."""
    if len(data) > SMALL or b'"schema": 3' not in data:
        return None
    return Root.of(safe.parse_json(data, what), what)
