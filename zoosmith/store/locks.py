"""Locks between processes: flock(2), released by the kernel however a process ends."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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
        yield


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
