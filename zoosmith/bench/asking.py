"""Asking an opened artifact about the rows of an eval, a few at a time, so that a kill loses no more than these."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoosmith.bench.process import Died, Opened, opened
from zoosmith.execution.arrays import joined, write_arrays
from zoosmith.execution.partial import Batches
from zoosmith.execution.worker import Step

if TYPE_CHECKING:
    from zoosmith.bench.quality import Eval
    from zoosmith.contract.session import Outcome

BATCH = 32  # rows that a process is asked about at once


def answered(step: Step, eval_: Eval, batches: Batches, folder: Path, reference: Path | None) -> Outcome:
    """Outcomes of all rows of an eval, from a process that opens the artifact in `folder`, kept in `batches`.

    reference: an artifact that answers the same rows beside it. A row that ends the process twice counts as failed,
    where the eval's kind counts failures (`lost`). Raises ZooError for what cannot be opened, and Died.
    """
    died: set[int] = set()
    while True:
        with _both(step, folder, reference) as sides:
            try:
                return joined(outcomes(step, eval_, batches, *sides))
            except Died:
                if not hasattr(eval_.scoring, "lost"):
                    raise
        _count(step, eval_, batches, died)


def _count(step: Step, eval_: Eval, batches: Batches, died: set[int]) -> None:
    """What becomes of the row that the process did not survive: the first time, the machine may be at fault."""
    at = next(i for i, row in enumerate(eval_.rows) if batches.kept(i, [row]) is None)
    if at not in died:
        died.add(at)
        step.say(f"{eval_.id}: the process ended at row {at + 1} and is opened again")
        return
    file = step.scratch / "lost.npz"
    write_arrays(file, eval_.scoring.lost(eval_.examples[at]))
    batches.keep(at, [eval_.rows[at]], file)
    step.say(f"{eval_.id}: row {at + 1} ended the process again; it counts as failed")


@contextmanager
def _both(step: Step, folder: Path, reference: Path | None) -> Iterator[tuple[Opened, Opened | None]]:
    """The artifact, and the reference where there is one, each opened in a process of its own."""
    with ExitStack() as stack:
        child = stack.enter_context(_opened(step, folder))
        yield child, stack.enter_context(_opened(step, reference)) if reference else None


@contextmanager
def _opened(step: Step, folder: Path) -> Iterator[Opened]:
    """An artifact opened with all cores, in a process of its own, until the end of the block."""
    cpus, needs = sorted(os.sched_getaffinity(0)), {str(folder): step.needs(folder)}
    arguments = {"project": str(step.project), "threads": len(cpus), "cpus": cpus, "inputs": [], "needs": needs}
    with opened(step.run["name"]) as [child]:
        child.ask("open", folder=str(folder), device=step.inputs["device"], **arguments)
        yield child


def outcomes(step: Step, eval_: Eval, batches: Batches, child: Opened, reference: Opened | None) -> Iterator[Outcome]:
    """Outcomes of some rows at a time, kept as they come."""
    batch, total, asked = _at_once(eval_, reference), len(eval_.rows), 0
    for start in range(0, total, batch):
        rows = eval_.rows[start : start + batch]
        found = batches.kept(start, rows)
        if found is None:
            if start and not asked:
                step.say(f"{eval_.id}: goes on after {start} of {total} rows, which were answered before")
            found = batches.keep(start, rows, _written(step, eval_.kind, rows, child, reference))
            asked += 1
        yield found
        step.progress(min(start + batch, total), total, f"quality on {eval_.id}")


def _written(step: Step, kind: str, rows: list[dict[str, Any]], child: Opened, reference: Opened | None) -> Path:
    """A file with the outcomes of rows; with a reference of one row, as its response may be as wide as a vocabulary."""
    out, like = step.scratch / "outcomes.npz", step.scratch / "response.npz"
    if reference is not None:
        reference.ask("respond", kind=kind, row=rows[0], out=str(like))
    child.ask("outcomes", kind=kind, rows=rows, out=str(out), like=str(like) if reference else None)
    like.unlink(missing_ok=True)
    return out


def _at_once(eval_: Eval, reference: Opened | None) -> int:
    """Rows that a process is asked about at once. A language model takes long: each row is progress, and is kept."""
    return BATCH if reference is None and eval_.scoring.CAPABILITY == "classify" else 1
