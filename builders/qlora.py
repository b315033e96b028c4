"""Low-rank adapters trained on a frozen 4-bit body (NF4, double quantisation), served unmerged over it.

Source: Dettmers et al., "QLoRA: Efficient Finetuning of Quantized LLMs", 2023. The artifact is the adapter with the
head, in FP32, and the quantisation of its base, which is the parent's tree. Merging would round the adapters away. The
head is never quantised: it is trained, or tied to a language model's embeddings.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources
from zoosmith.contract.session import Session
from zoosmith.toolkit.adapters import adapters
from zoosmith.toolkit.causal.label_head import trainable
from zoosmith.toolkit.quantization import bnb
from zoosmith.toolkit.torch import checkpoint, romanise, sessions
from zoosmith.toolkit.training.train import activations_mb, fit
from zoosmith.toolkit.training.training_rows import training_examples

FORMAT = "adapter"
PRECISION = "nf4"
RELATION = "adapter"
ACCEPTS = {"from": ("source", "torch")}
NEEDS = ("from",)
DATA = ("train", "dev")
REQUIRES = (*bnb.REQUIRES, "peft")
DEVICES = ("cuda",)
REPRODUCES = "logits"


class Params(adapters.Adapters, romanise.Romanising):
    """double_quant: the scales of 4-bit blocks are quantised too.

    compute_dtype: what weights are expanded to for a product. Left out, what `fast_compute_type` says of the machine
    that plans the build.
    """

    r: int = Field(default=16, ge=1)
    alpha: float = Field(default=32.0, gt=0)
    double_quant: bool = True
    compute_dtype: bnb.ComputeType = Field(default_factory=bnb.fast_compute_type)

    @model_validator(mode="before")
    @classmethod
    def _refuse_merge(cls, given: Any) -> Any:
        """`lora` has `merge`, so it is asked for here too."""
        if isinstance(given, dict) and given.pop("merge", False):
            raise ValueError(
                "merge: adapters merged into a 4-bit base would be rounded away; leave it out, or use `lora`"
            )
        return given


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Weights as read and quantised, and activations; `parents` maps roles to bytes.

    With activations go the weights that are expanded for their products.
    """
    memory = 1024 + 3 * sum(parents.values()) // 2**20
    return Resources(2, memory, activations_mb(params.batch_size, parents, share=2))


def build(job: Job) -> Session:
    """Quantise the base, train adapters and head on it, save these."""
    train, dev = training_examples(job, job.params)
    options = bnb.nf4_config(double_quant=job.params.double_quant, compute_dtype=job.params.compute_dtype)
    model, drawn = bnb.load(job, job.parent.path, options, None, new_head=True)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    job = romanise.reading(job)
    checkpoint.check_vocabulary(model, job.out)
    job.fact("nf4_layers", len(bnb.layers(model)))
    bnb.keep_packing(model, allowed=False)
    adapters.attach(job, model, job.params, drawn)
    job.fact("trainable_parameters", adapters.trainable(model))
    job.fact("parameters", bnb.parameters(model))
    job.fact("train_examples", len(train))
    fit(job, trainable(job, model), train, dev, adapters.hyperparameters(job.params))
    checkpoint.set_labels(model, job.task.spec.labels)
    adapters.save(model, job.params, job.out)
    bnb.save_options(model, options, job.out)
    return sessions.session(bnb.keep_packing(model), job.out, job.device)
