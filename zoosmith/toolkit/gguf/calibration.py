"""Calibration of a GGUF on the checkpoint that it was made of: token ids of rows, and importance matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.toolkit.gguf import artifact, imatrix
from zoosmith.toolkit.gguf.vocabulary import Vocabulary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUMS = "imatrix.gguf"


def sequences(job: Job, tokens: int) -> list[list[int]]:
    """Token ids of each row of `calibration`, cut to `tokens`; of the prompt where the task makes one of the row.

    Raises BuildError where no row has two tokens.
    """
    source = job.parent.path / artifact.MODEL
    found = [ids[:tokens] for ids in _whole(job, source)]
    kept = [ids for ids in found if len(ids) > 1]
    if not kept:
        raise BuildError(
            "importance is measured on calibration rows, of which none has two tokens; the data needs some"
        )
    return kept


def _whole(job: Job, source: Path) -> list[list[int]]:
    rows = job.rows("calibration")
    if hasattr(job.task, "prompt_ids"):
        return [job.task.prompt_ids(job.task.example(row)) for row in rows]
    column = job.task.spec.inputs[0]
    with Vocabulary(source) as vocabulary:
        start = [vocabulary.bos] if vocabulary.adds_bos and vocabulary.bos is not None else []
        return [[*start, *vocabulary.encode(str(row[column]))] for row in rows]


def checkpoint(job: Job) -> Any:
    """The model in the role `checkpoint`, in FP32. Raises BuildError where nothing has that role."""
    if "checkpoint" not in job.parents:
        raise BuildError("importance is measured on the checkpoint that the GGUF was made of: name it as `checkpoint:`")
    return imatrix.load(job.parents["checkpoint"].path)


def importance(
    job: Job, model: Any, texts: Sequence[Sequence[int]], names: Mapping[str, str]
) -> dict[str, NDArray[np.float32]]:
    """Mean squares of inputs (columns,) by GGUF name; they outlive a kill in the job's scratch.

    names: GGUF name by module name. Raises BuildError where they are not finite.
    """
    file = job.scratch / SUMS
    if not file.is_file():
        partial = file.with_suffix(".partial")
        sums = imatrix.measured(model, texts, names, job.progress)
        imatrix.write(sums, partial, dataset="calibration", chunk=max(map(len, texts)))
        partial.replace(file)
    return imatrix.means(imatrix.read(file))
