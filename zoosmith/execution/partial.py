"""Answers of a step that outlive a kill: those of each batch in a file of its own, named by what was asked.

They lie in the step's scratch folder, which is that of the action's key: with another model, other rows, other code
that answers or judges, or on another host, none of them is there.
"""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoosmith.common.canonical import digest
from zoosmith.execution.arrays import read_arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray

Arrays = dict[str, "NDArray[Any]"]


class Batches:
    """Arrays by batch, below a folder. A batch is known by its first row's number and by all of its rows."""

    def __init__(self, folder: Path) -> None:
        """Keep files in `folder`, with those that an interrupted run left there."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def kept(self, start: int, rows: list[Any]) -> Arrays | None:
        """What was answered to these rows; None where nothing was, or a kill left half a file."""
        try:
            return read_arrays(self._file(start, rows))
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            return None

    def keep(self, start: int, rows: list[Any], written: Path) -> Arrays:
        """Take over the file `written`, which holds the answers to these rows whole, and give them back."""
        return read_arrays(written.replace(self._file(start, rows)))

    def drop(self) -> None:
        """Forget all of them."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _file(self, start: int, rows: list[Any]) -> Path:
        return self._folder / f"{start}-{digest(rows)[:32]}.npz"
