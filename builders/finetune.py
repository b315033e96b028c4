"""Full fine-tuning of every weight on the task's training split.

AdamW (Loshchilov and Hutter, 2019) with linear warm-up and decay, batches of similar length, early
stopping on `dev`. An interrupted training goes on from its last checkpoint.
"""

from __future__ import annotations

from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources
from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.session import Session
from zoosmith.toolkit.causal.label_head import trainable
from zoosmith.toolkit.torch import checkpoint, romanise, sessions
from zoosmith.toolkit.training.train import Hyperparameters, activations_mb, fit
from zoosmith.toolkit.training.training_rows import TrainingRows, training_examples

FORMAT = "torch"
PRECISION = "fp32"
ACCEPTS = {"from": ("source", "torch")}
DATA = ("train", "dev")
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")
DEVICES = ("cuda",)
REPRODUCES = "logits"
RELATION = "finetune"


class Params(BaseParams, Hyperparameters, TrainingRows, romanise.Romanising):
    """Hyperparameters, which rows are learnt from, and how their letters are read."""


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Weights, gradients, two moments, and activations; `parents` maps roles to bytes."""
    memory = 1024 + 4 * sum(parents.values()) // 2**20
    return Resources(2, memory, activations_mb(params.batch_size, parents))


def build(job: Job) -> Session:
    """Train the parent's body with a new head, or a whole language model; keep the weights that were best on `dev`."""
    train, dev = training_examples(job, job.params)
    model = checkpoint.load_model(job, job.parent.path, new_head=True)
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    job = romanise.reading(job)
    checkpoint.check_vocabulary(model, job.out)
    fit(job, trainable(job, model), train, dev, job.params)
    checkpoint.set_labels(model, job.task.spec.labels)
    checkpoint.save_model(model, job.out)
    job.fact("parameters", sum(p.numel() for p in model.parameters()))
    job.fact("trainable_parameters", sum(p.numel() for p in model.parameters() if p.requires_grad))
    job.fact("train_examples", len(train))
    return sessions.session(model, job.out, job.device)
