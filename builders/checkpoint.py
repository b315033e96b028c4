"""A pretrained checkpoint that already answers the task, taken as it is.

Weights become FP32 safetensors; labels get the task's names; the tokenizer gets its fast form.
"""

from __future__ import annotations

from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources
from zoosmith.contract.params import Params as Params
from zoosmith.contract.session import Session
from zoosmith.toolkit.torch import checkpoint
from zoosmith.toolkit.torch.forward import TorchForward

FORMAT = "torch"
PRECISION = "fp32"
ACCEPTS = {"from": ("source",)}
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Two copies of the weights; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=1024 + 2 * sum(parents.values()) // 2**20)


def build(job: Job) -> Session:
    """Load, name the labels, save."""
    model = checkpoint.load_model(job, job.parent.path, new_head=False)
    labels = checkpoint.label_order(model.config, job.task.spec.labels)
    job.labels(labels)
    checkpoint.set_labels(model, labels)
    checkpoint.save_model(model, job.out)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    checkpoint.check_vocabulary(model, job.out)
    job.fact("parameters", sum(p.numel() for p in model.parameters()))
    return TorchForward(model)
