"""The text of an error as a user sees it."""

from __future__ import annotations

from zoosmith.contract.errors import ZooError


def failure(error: BaseException) -> str:
    """One clear message: the error's own words if it is ours, else its type with them."""
    if isinstance(error, ZooError):
        return str(error)
    if isinstance(error, OSError) and error.errno == 28:
        return f"no space left on the disk ({error.filename or 'store'}); free some (`doit gc`) and run it again"
    return f"{type(error).__name__}: {error}"
