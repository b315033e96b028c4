"""What an error is called where it is told."""

from __future__ import annotations

from zoosmith.contract.errors import ZooError


def failure(error: BaseException) -> str:
    """One clear message: the error's own words where it is ours, its type where it is not."""
    if isinstance(error, ZooError):
        return str(error)
    if isinstance(error, OSError) and error.errno == 28:
        return f"no space left on the disk ({error.filename or 'store'}); free some (`doit gc`) and run it again"
    return f"{type(error).__name__}: {error}"
