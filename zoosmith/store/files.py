"""Files that are there whole or not at all, and copies that share blocks if the file system can."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import BinaryIO

from zoosmith.common.safe import is_pickle
from zoosmith.contract.errors import ZooError

FICLONE = 0x40049409  # ioctl(2) of Linux: share the blocks of another file (reflink)
AT_FDCWD, RENAME_EXCHANGE = -100, 2  # renameat2(2) of Linux
CHUNK = 1 << 20
LARGE = 16 << 20  # bytes from which a second reading costs more than it is worth
SETTLED_S = 0.02  # longer than a tick of the kernel, the grain of a file's times
_known: dict[tuple[int, ...], str] = {}


def write_atomic(path: Path, data: bytes) -> None:
    """Write beside `path`, fsync, rename: a reader sees the old bytes or the new ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sweep_atomic(path: Path) -> None:
    """Remove what killed calls of `write_atomic` left beside `path`. Hold the lock that all its writers hold."""
    for left in path.parent.glob(f".{path.name}.*"):
        if re.fullmatch("[a-z0-9_]{8}", left.name.rpartition(".")[2]):  # as tempfile makes them; an editor's own stay
            left.unlink(missing_ok=True)


def sync_file(path: Path) -> None:
    """Make the bytes of a file durable; for a folder, the names in it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` durable."""
    sync_file(folder)


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_settled(path: Path) -> str:
    """SHA-256 of a file that this process has written, not read again where it has not been touched since.

    "Not touched" is by inode, size and the times of content and inode in ns; a time of change has the grain of a tick,
    so that a file which is younger than `SETTLED_S` is waited for. What the disk spoils meanwhile is not seen.
    """
    before = _state(path)
    if before not in _known:
        time.sleep(max(0.0, SETTLED_S - abs(time.time() - path.stat().st_ctime)) if before[2] > LARGE else 0)
        found = sha256_file(path)
        if before[2] <= LARGE or _state(path) != before:
            return found
        _known[before] = found
    return _known[before]


def _state(path: Path) -> tuple[int, ...]:
    stat = path.stat()
    return (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


def copy_file(source: Path, target: Path) -> str:
    """Copy by reflink if the file system can, else byte by byte; return the SHA-256 of what was copied."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as reader, target.open("wb") as writer:
        try:
            fcntl.ioctl(writer.fileno(), FICLONE, reader.fileno())
        except OSError:
            return _copy_hashed(reader, writer)
    return sha256_file(target)


def _copy_hashed(reader: BinaryIO, writer: BinaryIO) -> str:
    """Copy what is left of `reader`; the SHA-256 of it, on the way: a file of some GB is read once."""
    found = hashlib.sha256()
    while block := reader.read(CHUNK):
        found.update(block)
        writer.write(block)
    return found.hexdigest()


def replace_folder(fresh: Path, target: Path) -> None:
    """Put the folder `fresh` in the place of `target`, on the same file system; what was there is removed.

    In one step if system and file system can exchange two folders; else `target` is absent for a moment.
    """
    for path in fresh.rglob("*"):
        if path.is_file():
            sync_file(path)
    if target.exists() and not _exchange(fresh, target):
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        target.rename(aside / target.name)
        fresh.rename(target)
        shutil.rmtree(aside, ignore_errors=True)
    elif not target.exists():
        fresh.rename(target)
    sync_folder(target.parent)
    shutil.rmtree(fresh, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders take each other's place, atomically; False if system or file system cannot."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    if rename(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number not in (errno.ENOSYS, errno.EINVAL):
        raise OSError(number, os.strerror(number), str(other))
    return False


def payload(folder: Path) -> list[Path]:
    """Regular files below `folder`, relative and sorted. Raises ZooError for links and special files."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ZooError(f"{path.relative_to(folder)} is a link or special file; write regular files only")
        if path.is_file():
            found.append(path.relative_to(folder))
    return found


def refuse_pickles(folder: Path) -> None:
    """Raise ZooError for files that run code when they are loaded."""
    for path in payload(folder):
        if is_pickle(path.name):
            raise ZooError(
                f"{path} is a pickle, or of a format that may hold one; list the files you need under "
                "`files:` (safetensors, JSON, tokenizer), so that only those enter the build"
            )
