"""Large files of the store lent to a step: hard links, hashed when they are handed out, looked at when they come back.

A copy of some GB takes longer than its hash, and the disk holds it twice. Files in the store are read-only; a step that
writes into one all the same, as root may, is told, and the bytes leave the store. Where a kill comes before that look,
the next reader sees it, for every read of the store is checked.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from zoosmith.contract.errors import BuildError
from zoosmith.store import heal
from zoosmith.store.files import LARGE, sha256_file


class Loan(NamedTuple):
    """A file of the store under the name that a step knows, with size in bytes and time of change in ns."""

    file: Path
    name: str
    size: int
    changed: int


def lend(file: Path, target: Path, name: str) -> tuple[str, Loan] | None:
    """Link a large file of the store to `target`; its SHA-256 and the loan. None where a copy is to be made.

    That is for files up to `LARGE`, and where the file system makes no links.
    """
    if file.stat().st_size <= LARGE:
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, target)
    except OSError:
        return None
    status = target.stat()
    return sha256_file(target), Loan(file, name, status.st_size, status.st_mtime_ns)


def take_back(loans: Iterable[Loan]) -> None:
    """Raise BuildError for a file that was written into; it is removed, so that the step that made it runs again."""
    written = [loan for loan in loans if _changed(loan)]
    for loan in written:
        heal.clear(loan.file)
    if written:
        raise BuildError(
            f"the step wrote into {written[0].name} of its parent, which the store had lent it: copy a file before you "
            "change it. It was removed from the store; the next build makes it again"
        )


def _changed(loan: Loan) -> bool:
    try:
        status = loan.file.stat()
    except FileNotFoundError:  # removed as damaged, or collected, meanwhile
        return False
    return (status.st_size, status.st_mtime_ns) != (loan.size, loan.changed)
