"""The folder `.NAME.pull` that a pull works in: real folders of this user alone, and nothing in them leads elsewhere.

What lies there may have been put there by others, before the folder was closed to them: a link would have files
elsewhere deleted or written to, a second name of a file (hard link) too.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from zoosmith.contract.errors import ZooError
from zoosmith.records.schema import File


def prepare(staging: Path, wanted: Mapping[str, File]) -> tuple[Path, Path]:
    """Make the folder, keep the parts of wanted files; return (`parts`, `tree`), of which the second is not there.

    wanted: files by SHA-256. Raises ZooError where a link stands in the folder's place, OSError where it cannot be had.
    """
    if staging.is_symlink():
        raise ZooError(f"{staging} is a link; remove it")
    parts, tree = staging / "parts", staging / "tree"
    for folder in (staging, parts):
        if not _closed(folder):
            remove(folder)
            folder.mkdir(mode=0o700)
    remove(tree)
    for left in os.scandir(parts):
        file = wanted.get(left.name)
        if file is None or not _whole_or_own(left.stat(follow_symlinks=False), file):
            remove(Path(left.path))
    return parts, tree


def remove(path: Path) -> None:
    """Remove a file, a link (never what it leads to) or a folder with all that is in it; nothing is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _closed(folder: Path) -> bool:
    """Whether it is a folder of this user; it is closed to all others."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if os.fstat(handle).st_uid != os.geteuid():
            return False
        os.fchmod(handle, 0o700)
        return True
    finally:
        os.close(handle)


def _whole_or_own(found: os.stat_result, file: File) -> bool:
    """Whether a part may be used: a whole one may share its bytes with the cache, others are written to."""
    if not stat.S_ISREG(found.st_mode):
        return False
    return found.st_size >= file.size or (found.st_nlink == 1 and found.st_uid == os.geteuid())
