"""The user's cache: downloaded files by SHA-256, registries as they were last read.

    files/<sha256>          bytes; looked at again whenever they are used
    registries/<key>.json   a registry, with its URL, ETag and date beside it
    registries/<key>.seen   the tree that each version had when it was first seen
    registries/<key>.sig    a signature that was checked, for when its registry cannot be reached
    locks/<key>.lock        held while a folder is being pulled
    versions/<tree>/NAME    a version that was opened by its number or alias, with what it needs

A file enters by reflink or hard link if the file system can, so a big model takes its room once. A link shares
its bytes with the artifact: whoever edits that changes both, which is why nothing is taken without its hash.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from zoosmith.common.canonical import digest
from zoosmith.contract.errors import ZooError
from zoosmith.store import heal
from zoosmith.store.files import FICLONE, copy_file
from zoosmith.transfer.config import Config

STALE_S = 86_400.0


def default_root() -> Path:
    """The `cache` of the user's configuration, else `$XDG_CACHE_HOME/zoosmith`, or `~/.cache/zoosmith`."""
    if chosen := Config.read().cache:
        return Path(chosen).expanduser()
    configured = os.environ.get("XDG_CACHE_HOME")
    return (Path(configured) if configured else Path.home() / ".cache") / "zoosmith"


class Cache:
    """Below one folder; safe for several processes."""

    def __init__(self, root: Path | None = None, *, reading: bool = False) -> None:
        """Use `root`, or the user's own. Raises ZooError if it cannot be written, unless it is for reading alone."""
        self.root = root or default_root()
        if reading:
            return
        try:
            for kind in ("files", "registries", "locks", "versions"):
                (self.root / kind).mkdir(parents=True, exist_ok=True)
            self._sweep()
        except OSError as error:
            raise ZooError(
                f"the cache {self.root} cannot be written ({error.strerror}); "
                "`zoosmith config set cache DIR` names a folder that can, XDG_CACHE_HOME does so too"
            ) from None

    def file(self, sha256: str) -> Path:
        """Where the bytes with this SHA-256 are or would be."""
        return self.root / "files" / sha256

    def lock(self, folder: Path) -> Path:
        """The lock of a folder that is being pulled."""
        return self.root / "locks" / f"{digest(str(folder.resolve()))}.lock"

    def home(self, tree: str) -> Path:
        """The folder that a version with this tree is pulled into when it is asked for by number or alias."""
        return self.root / "versions" / tree[:16]

    def registry(self, url: str) -> Path:
        """Where the registry of a URL is kept."""
        return self.root / "registries" / f"{digest(url)}.json"

    def briefs(self, url: str) -> Path:
        """Where it is kept what lists show of a registry of many files."""
        return self.root / "registries" / f"{digest(url)}.briefs"

    def compared(self, url: str) -> Path:
        """Where the mark of a registry is kept that was found to differ in nothing from what was seen before."""
        return self.root / "registries" / f"{digest(url)}.compared"

    def seen(self, url: str) -> Path:
        """Where it is kept what was seen of the registry of a URL."""
        return self.root / "registries" / f"{digest(url)}.seen"

    def signature(self, tree: str, key: str) -> Path:
        """Where the signature over a tree by a key is kept, once it was checked."""
        return self.root / "registries" / f"{digest([tree, key])}.sig"

    def take(self, sha256: str, size: int, target: Path) -> bool:
        """Copy a file out, if it is here and right; what is not right is removed."""
        source = self.file(sha256)
        if not os.path.lexists(source):
            return False
        target.unlink(missing_ok=True)
        if heal.is_regular(source, size) and copy_file(source, target) == sha256:
            return True
        heal.clear(source)
        target.unlink(missing_ok=True)
        return False

    def keep(self, source: Path, sha256: str) -> None:
        """Add a finished file whose hash was checked."""
        target = self.file(sha256)
        if target.exists():
            return
        handle, name = tempfile.mkstemp(prefix=".new-", dir=target.parent)
        os.close(handle)
        fresh = Path(name)
        try:
            _share(source, fresh)
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what killed copies left."""
        for left in [*self.root.glob("files/.new-*"), *self.root.glob("registries/.*")]:
            with suppress(FileNotFoundError):  # another process has just put it in its place
                if time.time() - left.stat().st_mtime > STALE_S:
                    left.unlink()


def _share(source: Path, target: Path) -> None:
    """Make `target`, an empty file, hold the bytes of `source`: reflink, else hard link, else copy."""
    with source.open("rb") as reader, target.open("wb") as writer:
        try:
            fcntl.ioctl(writer.fileno(), FICLONE, reader.fileno())
            return
        except OSError:
            pass  # no reflinks here
    target.unlink()
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
