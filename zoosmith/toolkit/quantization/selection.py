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
    sequences = _calibration(job, TorchCausal(model, job.parent.path, job.device), told.rows, told.tokens)
    values = sensitivity.measured(model, depth.stack(model), sequences, job.scratch / FILE, job.progress)
    job.note("mean_kl_of_one_layer_in_nf4", {str(place): float(f"{kl:.4g}") for place, kl in enumerate(values)})
    job.note("calibration_tokens", sum(map(len, sequences)))
    return sensitivity.most(values, told.share)


def _calibration(job: Job, session: TorchCausal, rows: int, tokens: int) -> list[list[int]]:
    """Token ids of evenly spaced rows: of the prompt that the task makes of one, or of its first column."""
    found = list(job.rows("calibration"))
    spaced = [found[place * len(found) // min(rows, len(found))] for place in range(min(rows, len(found)))]
    if hasattr(job.task, "prompt_ids"):
        ids = [list(job.task.prompt_ids(job.task.example(row))) for row in spaced]
    else:
        ids = [session.tokenize(str(row[job.task.spec.inputs[0]])) for row in spaced]
    return [one[:tokens] for one in ids if one]
