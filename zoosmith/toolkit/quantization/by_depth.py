"""A causal language model in widths by depth, from checkpoint to finished files."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from zoosmith.contract.job import Job
from zoosmith.contract.params import Params
from zoosmith.toolkit.causal import parents, techniques
from zoosmith.toolkit.quantization import bnb, mixed
from zoosmith.toolkit.torch import architecture, checkpoint


class Depths(Params):
    """early: layers in 8 bits, from the first. late: layers in 6 bits, up to the last. Those between are in NF4.

    threshold: activations beyond it are multiplied in FP16 (0: none). double_quant, compute_dtype: of NF4.
    """

    early: int = Field(default=3, ge=1)
    late: int = Field(default=3, ge=0)
    threshold: float = Field(default=6.0, ge=0)
    double_quant: bool = True
    compute_dtype: bnb.ComputeType = "bf16"


def build(job: Job, told: Depths, **others: Any) -> tuple[Any, techniques.Techniques]:
    """Quantise the parent, write its files and facts; the model, and what techniques.json says.

    others: further techniques that are applied at run time, by their names in techniques.json.
    """
    bare = architecture.skeleton(job, job.parent.path)
    parents.refuse_others(type(bare).__name__, job.parent.name)
    widths = mixed.by_depth(bare, told.early, told.late)
    options = bnb.nf4_config(double_quant=told.double_quant, compute_dtype=told.compute_dtype)
    model = mixed.load(job, job.parent.path, widths, options, told.threshold)
    mixed.save(model, job.out, widths.int8)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    applied = techniques.Techniques(
        int8=techniques.Int8Layers(threshold=told.threshold, layers=tuple(widths.int8)), **others
    )
    techniques.write(applied, job.out)
    parents.pass_on(job)
    job.fact("parameters", bnb.parameters(model))
    job.fact("linear_layers", {name: len(getattr(widths, name)) for name in ("int8", "nf4", "six")})
    return model, applied


def remarks(model: Any, told: Depths) -> list[str]:
    """What a reader of the card must know, as sentences; nothing where no layer is in 6 bits."""
    if not told.late:
        return []
    dtype = str(model.dtype).removeprefix("torch.")
    return [
        f"The 6 bits of the last {told.late} layers are fake: their weights lie on a grid of 63 values a block and are "
        f"stored and multiplied in {dtype}, so that they take no less room than before."
    ]
