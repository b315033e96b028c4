"""Distillation: a student learns the task from the labels and from a teacher's logits and hidden states.

Sources: Hinton et al., 2015; Sanh et al., 2019 (DistilBERT: a student of some of the teacher's layers); Jiao et al.,
2020 (TinyBERT: hidden states). The student is any encoder: some layers of the teacher's own parent, a pruned copy,
or another pretrained model with the same tokenizer. An interrupted training goes on from its last checkpoint.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources
from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.session import Session
from zoosmith.toolkit.pruning import depth, structure
from zoosmith.toolkit.torch import checkpoint, sessions
from zoosmith.toolkit.torch.forward import TorchForward
from zoosmith.toolkit.training.distillation import Lessons, Teaching
from zoosmith.toolkit.training.train import Hyperparameters, activations_mb, fit
from zoosmith.toolkit.training.training_rows import TrainingRows, training_examples

FORMAT = "torch"
PRECISION = "fp32"
ACCEPTS = {"student": ("source", "torch"), "teacher": ("torch",)}
DATA = ("train", "dev")
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")
DEVICES = ("cuda",)
REPRODUCES = "logits"
RELATION = "finetune"


class Params(BaseParams, Hyperparameters, TrainingRows, Lessons):
    """Hyperparameters, which rows are learnt from, and what the teacher is asked.

    layers: of the student parent, indices from 0 in rising order, that the student starts with; all if empty.
    """

    layers: tuple[int, ...] = ()


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """The teacher, the student's weights, gradients, two moments, and activations; `parents` maps roles to bytes."""
    memory = 1024 + (5 * parents["student"] + parents["teacher"]) // 2**20
    return Resources(2, memory, activations_mb(params.batch_size, {"student": parents["student"]}))


def build(job: Job) -> Session:
    """Cut the student out, train it, keep the weights that were best on `dev`."""
    _refuse_language_models(job)
    paths = {role: parent.path for role, parent in job.parents.items()}
    checkpoint.copy_tokenizer(paths["student"], job.out)
    _same_tokenizer(job.out, paths["teacher"])
    teacher = checkpoint.load_model(job, paths["teacher"], new_head=False)
    job = checkpoint.keep_labels(job, job.parents["teacher"])
    train, dev = training_examples(job, job.params)
    student = _student(job, paths["student"])
    checkpoint.check_vocabulary(student, job.out)
    teaching = Teaching(job, teacher, student, train, job.params)
    fit(job, student, train, dev, job.params, teaching)
    teaching.end(student)
    checkpoint.set_labels(student, job.task.spec.labels)
    checkpoint.save_model(student, job.out)
    facts = {**structure.facts(student), "train_examples": len(train)}
    for name, value in facts.items():
        job.fact(name, value)
    job.fact("teacher_parameters", sum(parameter.numel() for parameter in teacher.parameters()))
    return TorchForward(student, job.device)


def _refuse_language_models(job: Job) -> None:
    if job.task.auto_model == sessions.CAUSAL:
        raise BuildError(
            f"distill trains encoders that answer with classes, and {job.task.spec.kind} asks a language model: use "
            "finetune or lora on a smaller one, or prune_layers"
        )


def _student(job: Job, path: Path) -> Any:
    student = checkpoint.load_model(job, path, new_head=True)
    if job.params.layers:
        stack = depth.stack(student)
        depth.set_layers(student, [stack[i] for i in depth.told_layers(job.params.layers, len(stack))])
    return student


def _same_tokenizer(student: Path, teacher: Path) -> None:
    """Raise BuildError unless both split text into the same tokens: a token's id must mean the same to both."""
    from tokenizers import Tokenizer

    mine, theirs = (
        Tokenizer.from_file(str(path / "tokenizer.json")).get_vocab(with_added_tokens=True)
        for path in (student, teacher)
    )
    if mine != theirs:
        odd = sorted(word for word in mine.keys() | theirs.keys() if mine.get(word) != theirs.get(word))
        raise BuildError(
            f"student and teacher have tokenizers of {len(mine)} and {len(theirs)} tokens that differ in {len(odd)}, "
            f"such as {odd[0]!r}; a student needs its teacher's tokenizer"
        )
