"""Changing what a registry says of an artifact: in a folder, or in a repository of a hub, whole or not at all.

One write makes a change: of registry.json by a rename, on a hub by one commit on the parent that was read. A process
killed before it leaves the old state, one killed after it the new. Who changes the same at the same time waits for the
lock of a folder, and is then told that what was looked at has moved; on a hub the second commit is refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from zoosmith.build.places import record_lock
from zoosmith.common import safe
from zoosmith.common.exits import Moved
from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.publish import ledger
from zoosmith.publish.opening import FILE
from zoosmith.records.registry import Entry
from zoosmith.store.files import write_atomic
from zoosmith.store.locks import flock

if TYPE_CHECKING:
    from huggingface_hub import HfApi

Change = Callable[[Entry], Entry]


class Editable(Protocol):
    """A registry that may be written to."""

    def edit(self, name: str, change: Change, beside: Mapping[str, bytes]) -> Entry:
        """Change the entry of an artifact, and add files beside the registry, by path.

        Returns the new entry. Raises ZooError for an unknown name and for what `change` refuses, Moved where somebody
        else was first.
        """


def editable(base: str) -> Editable:
    """The registry at the URL of its folder. Raises ZooError for a web server, which takes no changes."""
    scheme = urlsplit(base).scheme
    if scheme == "file":
        return InFolder(Path(unquote(urlsplit(base).path)))
    if found := safe.HUB.fullmatch(base):
        if found["commit"]:
            raise ZooError(f"{base} is one commit, which never changes; say hf://{found['repo']}")
        return OnHub(found["repo"])
    raise ZooError(f"{base} is read by {scheme} and cannot be changed so; give the folder it is served from, or hf://")


@dataclass(frozen=True)
class InFolder:
    """registry.json in a folder, that of a zoo or one that `push --to file://DIR` made."""

    folder: Path

    def edit(self, name: str, change: Change, beside: Mapping[str, bytes]) -> Entry:
        """See Editable."""
        file = self.folder / FILE
        if not file.is_file():
            raise ZooError(f"{self.folder} has no {FILE}; give the folder or URL of a registry")
        with flock(self._lock()):
            book = ledger.InFolder(self.folder)
            after = change(known(book, name, str(self.folder)))
            for path, data in beside.items():
                write_atomic(self.folder / safe.path(path), data)
            book.put(name, after)
            self._point(name, after)
        return after

    def _point(self, name: str, entry: Entry) -> None:
        """Let NAME/latest say what is newest; a kill before leaves it to the next change, and no command reads it."""
        latest, number = self.folder / name / "latest", f"{entry.newest or entry.latest}\n"
        if latest.is_file() and latest.read_text() != number:
            write_atomic(latest, number.encode())

    def _lock(self) -> Path:
        zoo = (self.folder / "dodo.py").is_file()
        return record_lock(self.folder, self.folder) if zoo else self.folder / ".lock"


@dataclass(frozen=True)
class OnHub:
    """registry.json in a repository of a Hugging Face hub."""

    repo: str

    def edit(self, name: str, change: Change, beside: Mapping[str, bytes]) -> Entry:
        """See Editable; registry and files are one commit on the head that was read."""
        # Xet makes several commits, of which only the first honours the parent; read when the library is imported.
        os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
        from huggingface_hub import HfApi

        from zoosmith.publish.push_hf import explain

        try:
            return self._edited(HfApi(library_name="zoosmith"), name, change, beside)
        except ZooError:
            raise
        except Exception as error:  # the library raises many kinds; each becomes one line with what to do
            status = getattr(getattr(error, "response", None), "status_code", 0)
            if status in (409, 412):
                raise Moved(
                    f"somebody else changed {self.repo} meanwhile, and nothing of this call is there; run the same "
                    "command again: it looks at what is there now"
                ) from None
            raise ZooError(explain(self.repo, error)) from None

    def _edited(self, api: HfApi, name: str, change: Change, beside: Mapping[str, bytes]) -> Entry:
        from huggingface_hub import CommitOperationAdd

        head = api.repo_info(self.repo).sha

        def read(path: str) -> bytes:
            return Path(api.hf_hub_download(self.repo, path, revision=head)).read_bytes()

        book = ledger.InMemory(read, f"hf://{self.repo}")
        after = change(known(book, name, f"hf://{self.repo}"))
        book.put(name, after)
        files, last = {**beside, **book.files}, after.history[-1]
        api.create_commit(
            self.repo,
            [CommitOperationAdd(safe.path(path), data) for path, data in files.items()],
            commit_message=f"{last.what} {name} {last.alias or ''} {last.version or ''}".rstrip(),
            parent_commit=head,
        )
        return after


def known(book: ledger.Ledger, name: str, what: str) -> Entry:
    """The entry of an artifact. Raises ZooError with the nearest name."""
    entry = book.entry(name)
    if entry is None:
        raise ZooError(f"{what} has no artifact {name!r}{nearest(name, book.names())}")
    return entry
