"""The text of an error as a user sees it."""

from __future__ import annotations

import errno

from zoosmith.contract.errors import ZooError

RIGHTS = "give yourself the right to write there (`ls -ld` shows who has it), or work in a folder of your own"
# What to do about what the system refuses; the errors of errno(3) that a user can mend.
CURES = {
    errno.EACCES: RIGHTS,
    errno.EPERM: RIGHTS,
    errno.EROFS: "the file system is mounted for reading alone: work in a folder that can be written to",
    errno.EDQUOT: "your quota of the disk is used up: free some (`doit gc`) and run it again",
    errno.EIO: "the disk does not answer as it should; look at the system's log (`dmesg`)",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ELOOP: "a link there leads to itself: remove it",
    errno.ENOTDIR: "a file lies where a folder should be: move it away",
    errno.EISDIR: "a folder lies where a file should be: move it away",
    errno.EEXIST: "something else lies there: move it away",
}


def failure(error: BaseException) -> str:
    """One clear message: the error's own words if it is ours, else its type with them."""
    if isinstance(error, ZooError):
        return str(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"no space left on the disk ({error.filename or 'store'}); free some (`doit gc`) and run it again"
    if isinstance(error, OSError) and error.errno in CURES:
        return f"{_where(error)}: {(error.strerror or '').lower()}; {CURES[error.errno]}"
    return f"{type(error).__name__}: {error}"


def _where(error: OSError) -> str:
    return " -> ".join(str(name) for name in (error.filename, error.filename2) if name) or "a file"
