"""What stands in the way in a store: a folder, link, pipe or device where bytes should be is damage, and makes way."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from zoosmith.store.files import write_atomic


def is_regular(path: Path, size: int | None = None) -> bool:
    """Whether a regular file lies here, of `size` bytes if that is given; what a link leads to does not count."""
    try:
        found = path.lstat()
    except OSError as error:
        return _absent(error)
    return stat.S_ISREG(found.st_mode) and size in (None, found.st_size)


def open_regular(path: Path) -> int | None:
    """A descriptor to read from; None where there is no regular file. Never waits, as opening a pipe would.

    Raises PermissionError.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        _absent(error)
        return None
    if stat.S_ISREG(os.fstat(handle).st_mode):
        return handle
    os.close(handle)
    return None


def read_regular(path: Path) -> bytes | None:
    """The bytes of a regular file; None where there is none, or the disk cannot read it. Raises PermissionError."""
    handle = open_regular(path)
    if handle is None:
        return None
    with os.fdopen(handle, "rb") as file:
        try:
            return file.read()
        except OSError:  # bad blocks: as good as gone
            return None


def clear(path: Path) -> None:
    """Remove what lies here, whatever it is; a link itself, never what it leads to."""
    with suppress(FileNotFoundError, NotADirectoryError):
        if stat.S_ISDIR(path.lstat().st_mode):
            shutil.rmtree(path)
        else:
            path.unlink()


def make_folder(path: Path, root: Path) -> Path:
    """A folder at or below `root`, made if it is missing; a file or a dangling link in its place is removed."""
    for folder in (*reversed(path.parents), path):
        if folder.is_relative_to(root) and folder != root and os.path.lexists(folder) and not folder.is_dir():
            clear(folder)
    path.mkdir(parents=True, exist_ok=True)
    return path


def place(path: Path, data: bytes, root: Path) -> None:
    """Write a file of the store below `root`, atomically, in place of whatever is there."""
    make_folder(path.parent, root)
    make_way(path)
    write_atomic(path, data)


def make_way(path: Path) -> None:
    """Remove what lies here unless it is a regular file."""
    if not is_regular(path):
        clear(path)


def _absent(error: OSError) -> bool:
    """False: what cannot be opened is not there. A lack of rights is no damage, and is raised again."""
    if isinstance(error, PermissionError):
        raise error
    return False
