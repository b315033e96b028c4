"""Training a torch model on a task: batches of similar length, AdamW, early stopping, resume after a kill."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

from pydantic import BaseModel, Field

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.toolkit.torch import processor, sessions
from zoosmith.toolkit.training import optimizer, training_state
from zoosmith.toolkit.training.batches import Lengths, chunks
from zoosmith.toolkit.training.training_state import OptimizerState, State

Objective = Callable[[Any, dict[str, Any], list[int], Any], Any]
"""Loss of (model, its input tensors, the batch's indices into the training examples, targets)."""

SAVE_EVERY_S = 30.0


def fast_autocast() -> Literal["bf16", "none"]:
    """BF16 on processors that compute it in hardware (others are several times slower with it), and on GPUs.

    As a default of the parameters it is decided while the build is planned, and so is part of its key. What a GPU can
    do is not known by then: one from before Ampere is refused BF16 when the training starts.
    """
    on_gpu = os.environ.get("ZOOSMITH_BUILD_DEVICE", "").startswith("cuda")
    return "bf16" if on_gpu or processor.has_bf16() else "none"


class Hyperparameters(BaseModel):
    """learning_rate is the peak; head_learning_rate, if given, is that of weights outside the body.

    dropout, if given, replaces the model's own: short trainings on plenty of data do better without.
    autocast "bf16" computes forward and backward in bfloat16 over FP32 weights, which halves a step on
    processors with AVX512-BF16 or AMX; "fp16" in half precision with scaled gradients (Micikevicius et al., 2018), on
    GPUs; "none" in FP32. Left out, it is what `fast_autocast` says of the machine that plans the build.
    patience: epochs without a better `dev`.
    accumulation: batches of batch_size rows whose gradients add up to one step, which then is that of one batch of all
    their rows. activation_checkpointing: layers are computed again in the backward pass instead of kept (Chen et al.,
    2016): a third slower, with the memory of one layer.
    """

    epochs: int = Field(default=3, ge=1)
    learning_rate: float = Field(default=5e-5, gt=0)
    head_learning_rate: float | None = Field(default=None, gt=0)
    batch_size: int = Field(default=32, ge=1)
    weight_decay: float = Field(default=0.01, ge=0)
    dropout: float | None = Field(default=None, ge=0, lt=1)
    warmup: float = Field(default=0.1, ge=0, lt=1)
    max_grad_norm: float = Field(default=1.0, gt=0)
    autocast: Literal["bf16", "fp16", "none"] = Field(default_factory=fast_autocast)
    patience: int = Field(default=2, ge=1)
    accumulation: int = Field(default=1, ge=1)
    activation_checkpointing: bool = False


def activations_mb(rows: int, parents: Mapping[str, int], share: int = 3) -> int:
    """MiB that a batch of `rows` texts of 128 tokens keeps for the backward pass in FP32, for `resources()`.

    Of each row the `share`-th part of the weights, as of BERT-base, and 96 at least, as of MiniLM; `parents` maps roles
    to bytes of weights.
    """
    return rows * max(sum(parents.values()) // share // 2**20, 96)


def fit(
    job: Job,
    model: Any,
    train: Sequence[Any],
    dev: Sequence[Any],
    hyper: Hyperparameters,
    objective: Objective | None = None,
) -> State:
    """Train `model` in place and leave the weights of the epoch with the best `dev` accuracy in it.

    Without `dev` rows, those of the last epoch. Without an `objective`, the task's loss is what falls.

    Batch order depends on seed and epoch alone and the random state is saved, so that a resumed training
    equals an uninterrupted one. Raises BuildError where the loss is not finite, for an autocast that the device has
    not, and for a language model without its label head (`trainable`).
    """
    import torch

    check_autocast(job.device, hyper.autocast)
    _refuse_bare(model)
    torch.manual_seed(job.seed)
    model.to(job.device)
    if hyper.dropout is not None:
        _set_dropout(model, hyper.dropout)
    with _checkpointing(model, asked=hyper.activation_checkpointing):
        state = _epochs(job, model, train, dev, hyper, objective)
    training_state.restore(model, job.scratch / "best.pt")
    job.note("training", _summary(state))
    return state


def _epochs(
    job: Job, model: Any, train: Sequence[Any], dev: Sequence[Any], hyper: Hyperparameters, objective: Objective | None
) -> State:
    encoder, size = Lengths(job, train), hyper.batch_size * hyper.accumulation
    steps = len(encoder.batches(0, size)) * hyper.epochs
    moving = optimizer.moving(job, model, hyper, steps)
    state = training_state.resume(job.scratch, model, moving)
    loss_of = partial(_loss, job, model, train, hyper, objective)
    saved = time.monotonic()
    started = saved - state.seconds
    while state.epoch < hyper.epochs and state.epoch - state.best_epoch <= hyper.patience:
        batches = encoder.batches(state.epoch, size)
        model.train()
        for indices in batches[state.batch :]:
            state.losses.append(_step(model, loss_of, indices, moving, hyper))
            state.batch += 1
            done = state.epoch * len(batches) + state.batch
            job.progress(done, steps, f"epoch {state.epoch + 1}/{hyper.epochs} loss {_mean(state.losses[-50:]):.3f}")
            if time.monotonic() - saved > SAVE_EVERY_S:
                saved = _save(job, state, model, moving, started)
        _close_epoch(job, model, dev, state, hyper)
        saved = _save(job, state, model, moving, started)
    return state


@contextmanager
def _checkpointing(model: Any, *, asked: bool) -> Iterator[None]:
    """Meanwhile the model's layers keep no activations, if that is asked. BuildError where it cannot do without."""
    if not asked:
        yield
        return
    try:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    except ValueError as error:
        raise BuildError(f"activation_checkpointing: {str(error).splitlines()[0]} Leave it out") from error
    try:
        yield
    finally:
        model.gradient_checkpointing_disable()


def _refuse_bare(model: Any) -> None:
    """Raise BuildError for a language model without its label head: its logits are of tokens, at every place."""
    if sessions.is_causal(type(model).__name__):
        raise BuildError(
            f"this builder trains classifiers, and {type(model).__name__} is a language model; finetune, lora, qlora, "
            "int8_recover and prune_layers train it on label tokens"
        )


def check_autocast(device: str, autocast: str) -> None:
    """Raise BuildError for a precision that the device has not, or only emulates."""
    import torch

    if autocast == "fp16" and device == "cpu":
        raise BuildError("autocast: fp16 is for GPUs, and this is a CPU; use bf16, or none for FP32")
    if autocast == "bf16" and device != "cpu" and not torch.cuda.is_bf16_supported(including_emulation=False):
        raise BuildError("autocast: bf16 is for GPUs from Ampere on, and this one is older; use fp16, or none for FP32")


def _summary(state: State) -> dict[str, Any]:
    return {
        "dev_accuracy": state.dev,
        "best_epoch": state.best_epoch + 1,
        "loss": _thin(state.losses),
        "minutes": round(state.seconds / 60, 3),
        "peak_memory_mb": state.peak_mb,
    }


def _save(job: Job, state: State, model: Any, moving: OptimizerState, started: float) -> float:
    """Write a checkpoint; returns when."""
    now = time.monotonic()
    state.seconds = now - started
    state.peak_mb = max(state.peak_mb, training_state.peak_memory_mb(job.device))
    training_state.save(job.scratch, state, model, moving)
    return now


def _loss(
    job: Job, model: Any, train: Sequence[Any], hyper: Hyperparameters, objective: Objective | None, indices: list[int]
) -> Any:
    import torch

    examples = [train[i] for i in indices]
    inputs = tensors(job, examples, model)
    targets = torch.from_numpy(job.task.targets(examples)).to(job.device)
    dtype = torch.float16 if hyper.autocast == "fp16" else torch.bfloat16
    with torch.autocast(torch.device(job.device).type, dtype=dtype, enabled=hyper.autocast != "none"):
        if objective is not None:
            return objective(model, inputs, indices, targets)
        logits = model(**inputs).logits
    return job.task.loss(logits.float(), targets)


def _step(
    model: Any, loss_of: Callable[[list[int]], Any], indices: list[int], moving: OptimizerState, hyper: Hyperparameters
) -> float:
    """One step of the optimizer on the rows of `indices`, batch by batch; their mean loss."""
    import torch

    total = 0.0
    for part in chunks(indices, hyper.batch_size):
        loss = loss_of(part) * (len(part) / len(indices))
        if not torch.isfinite(loss):
            raise BuildError(f"the loss became {loss.item()}; lower learning_rate, or set autocast: none")
        moving.scaler.scale(loss).backward()
        total += float(loss.item())
    moving.scaler.unscale_(moving.optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), hyper.max_grad_norm)
    moving.scaler.step(moving.optimizer)
    moving.scaler.update()
    moving.schedule.step()
    moving.optimizer.zero_grad(set_to_none=True)
    return total


def tensors(job: Job, examples: Sequence[Any], model: Any) -> dict[str, Any]:
    """Encoded examples as torch tensors on the job's device: those inputs that the model's forward takes."""
    import inspect

    import torch

    takes = inspect.signature(model.forward).parameters
    encoded = job.task.encode(examples)
    return {name: torch.from_numpy(value).to(job.device) for name, value in encoded.items() if name in takes}


def _close_epoch(job: Job, model: Any, dev: Sequence[Any], state: State, hyper: Hyperparameters) -> None:
    import torch

    if dev:
        state.dev.append(evaluate(job, model, dev, hyper.batch_size))
    if not dev or state.dev[-1] > state.best:
        state.best, state.best_epoch = max(state.dev, default=state.best), state.epoch
        training_state.write(job.scratch / "best.pt", training_state.weights(model))
    state.epoch += 1
    state.batch = 0
    torch.manual_seed(job.seed + state.epoch)


def evaluate(job: Job, model: Any, examples: Sequence[Any], batch_size: int) -> float:
    """Accuracy on examples, in FP32. Raises BuildError for a language model without its label head."""
    import torch

    _refuse_bare(model)
    model.eval()
    right = 0
    with torch.inference_mode():
        for start in range(0, len(examples), batch_size):
            batch = examples[start : start + batch_size]
            answers = model(**tensors(job, batch, model)).logits.argmax(dim=-1).cpu().numpy()
            right += int((answers == job.task.targets(batch)).sum())
    return right / len(examples)


def _set_dropout(model: Any, share: float) -> None:
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = share


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _thin(losses: list[float], points: int = 50) -> list[float]:
    """At most `points` means of consecutive losses: the curve, small enough for a record."""
    size = max(1, -(-len(losses) // points))
    return [round(_mean(losses[i : i + size]), 4) for i in range(0, len(losses), size)]
