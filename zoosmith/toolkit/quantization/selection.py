"""Which layers are sensitive, on the rows of a build."""

from __future__ import annotations

from typing import Any

from zoosmith.contract.job import Job
from zoosmith.toolkit.causal import parents
from zoosmith.toolkit.causal.torch_session import TorchCausal
from zoosmith.toolkit.pruning import depth
from zoosmith.toolkit.quantization import sensitivity

FILE = "sensitivity.json"


def chosen(job: Job, told: Any) -> list[int]:
    """Layers whose 4 bits move the model most, `told.share` of them; the whole table goes to the provenance."""
    model = parents.load(job).eval()
    session = TorchCausal(model, job.parent.path, job.device)
    sequences = [one[: told.tokens] for one in calibration(job, session, told.rows)]
    values = sensitivity.measured(model, depth.stack(model), sequences, job.scratch / FILE, job.progress)
    job.note("mean_kl_of_one_layer_in_nf4", {str(place): float(f"{kl:.4g}") for place, kl in enumerate(values)})
    job.note("calibration_tokens", sum(map(len, sequences)))
    return sensitivity.most(values, told.share)


def calibration(job: Job, session: TorchCausal, most: int | None = None) -> list[list[int]]:
    """Token ids of rows of `calibration`, evenly spaced: of the prompt that the task makes of one, or its first column.

    most: rows that are read; all of them if None.
    """
    found = list(job.rows("calibration"))
    count = min(most or len(found), len(found))
    spaced = [found[place * len(found) // count] for place in range(count)]
    if hasattr(job.task, "prompt_ids"):
        ids = [list(job.task.prompt_ids(job.task.example(row))) for row in spaced]
    else:
        ids = [session.tokenize(str(row[job.task.spec.inputs[0]])) for row in spaced]
    return [one for one in ids if one]
