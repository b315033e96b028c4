"""Locks between processes: flock(2), released by the kernel however a process ends."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from zoosmith.contract.errors import ZooError

POLL_S = 0.2


def measure_lock() -> Path:
    """One file for the whole host: measuring takes it alone, building takes it shared."""
    return Path(tempfile.gettempdir()) / "zoosmith-measure.lock"


@contextmanager
def flock(path: Path, *, shared: bool = False, waiting: Callable[[], None] = lambda: None) -> Iterator[int]:
    """Hold a lock on `path`; `waiting` is called once if another holds it. Yields the descriptor."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = _open(path)
    try:
        announced = False
        while not _try(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX):
            if not announced:
                waiting()
                announced = True
            time.sleep(POLL_S)
        yield handle
    finally:
        os.close(handle)


@contextmanager
def quiet(*, alone: bool, waiting: Callable[[], None]) -> Iterator[None]:
    """Measure alone on this host, or build beside other builds.

    Who wants to measure holds a queue as well, and who wants to build passes through it: builds that begin later
    wait, so that a stream of them cannot keep a measurement out for ever.
    """
    queue = measure_lock().with_suffix(".queue")
    with ExitStack() as held:
        turn = held.enter_context(ExitStack())
        turn.enter_context(flock(queue, shared=not alone, waiting=waiting))
        held.enter_context(flock(measure_lock(), shared=not alone, waiting=waiting))
        if not alone:
            turn.close()
        else:
            with suppress(OSError):  # another user's file, in which case nobody learns since when
                os.utime(measure_lock())
        yield


def holders(path: Path, *, alone: bool = False) -> list[int]:
    """Processes that took a lock on `path`, by /proc/locks (proc_locks(5)); [] where there is none or it hides them.

    alone: those alone that share it with nobody.
    """
    try:
        inode = path.stat().st_ino
        lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    except OSError:
        return []
    held = [line for line in lines if line[1] == "FLOCK" and line[5].rpartition(":")[2] == str(inode)]
    return sorted({int(line[4]) for line in held if int(line[4]) > 0 and (line[3] == "WRITE" or not alone)})


def who_holds() -> str:
    """Who keeps others from measuring or building, for messages: " (process 7 in /home/me/zoo, since 12:04)", or "".

    A measurement that waits for builds keeps later builds waiting, so both are named.
    """
    queue, mine = measure_lock().with_suffix(".queue"), os.getpid()
    others = [pid for pid in holders(measure_lock()) or holders(queue) if pid != mine]
    waiting = [pid for pid in holders(queue, alone=True) if pid not in (mine, *others)]
    told = "; ".join(f"process {pid}{_folder(pid)}, since {_since(pid)}" for pid in others)
    ahead = "".join(f"process {pid}{_folder(pid)}, which waits for " for pid in waiting)
    return f" ({ahead}{told})" if told else ""


def holding(path: Path) -> str:
    """Who else has a lock on `path`, for messages: " (process 7 in /home/me/zoo)", or ""."""
    told = [f"process {pid}{_folder(pid)}" for pid in holders(path) if pid != os.getpid()]
    return f" ({'; '.join(told)})" if told else ""


def _folder(pid: int) -> str:
    try:
        return f" in {Path(f'/proc/{pid}/cwd').readlink()}"
    except OSError:  # another user's
        return ""


def _since(pid: int) -> str:
    """When a measurement began, which touches the lock; for a build, when its process did."""
    with suppress(OSError):
        started, touched = Path(f"/proc/{pid}").stat().st_mtime, measure_lock().stat().st_mtime
        return time.strftime("%H:%M:%S", time.localtime(max(started, touched)))
    return "just now"


def _open(path: Path) -> int:
    """A descriptor to lock. Reading is enough for flock(2), so another user's lock file serves as well.

    Whatever has an inode can be locked, a pipe too; a link that leads nowhere is removed.
    """
    how = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
    if path.is_symlink() and not path.exists():
        path.unlink(missing_ok=True)
    try:
        return os.open(path, how)
    except FileNotFoundError:
        return os.open(path, how | os.O_CREAT, 0o666)


@contextmanager
def at_once(path: Path) -> Iterator[bool]:
    """Hold a lock on `path` alone if nobody holds it now; whether that is so."""
    handle = _open(path)
    try:
        yield _try(handle, fcntl.LOCK_EX)
    finally:
        os.close(handle)


def is_free(path: Path) -> bool:
    """Whether nobody holds the lock right now."""
    if not path.exists():
        return True
    handle = _open(path)
    try:
        return _try(handle, fcntl.LOCK_EX)
    finally:
        os.close(handle)


def _try(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL):
            raise
        where = Path(f"/proc/self/fd/{handle}").readlink()
        raise ZooError(
            f"{where}: its file system has no locks (flock: {os.strerror(error.errno)}), so two runs at once could "
            "harm each other; put the zoo, or $TMPDIR where it is named here, on a disk of this machine"
        ) from None
