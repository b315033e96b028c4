"""INT8 linear layers, and low-rank adapters on top that win back what rounding lost.

The weights are quantised first and never change again. Adapters and head are then trained on the task through the
rounding of weights and activations, for one epoch by default. Adapters stay in FP32 beside the INT8 weights (format
`torch_int8`): folded into them they would be rounded away. Source: Dettmers et al., "QLoRA", 2023, with the INT8
arithmetic of torch.ao.quantization.quantize_dynamic in place of NF4. For a 4-bit base that was trained already, use
`qlora` from it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources
from zoosmith.contract.session import Session
from zoosmith.toolkit.adapters import adapters
from zoosmith.toolkit.causal.label_head import trainable
from zoosmith.toolkit.quantization import dynamic_int8
from zoosmith.toolkit.torch import architecture, checkpoint, sessions
from zoosmith.toolkit.training.train import activations_mb, evaluate, fit
from zoosmith.toolkit.training.training_rows import training_examples

FORMAT = "torch_int8"
PRECISION = "int8"
RELATION = "quantized"
ACCEPTS = {"from": ("torch",)}
DATA = ("train", "dev")
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors", "peft")
DEVICES = ("cuda",)
REPRODUCES = "logits"


class Params(adapters.Adapters):
    """per_channel: one scale per output channel instead of one per tensor."""

    per_channel: bool = True
    epochs: int = Field(default=1, ge=1)
    learning_rate: float = Field(default=1e-4, gt=0)
    target_modules: Literal["auto", "all-linear"] | tuple[str, ...] = "all-linear"


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Weights in FP32 and INT8, and activations before and after rounding; `parents` maps roles to bytes."""
    memory = 1024 + 4 * sum(parents.values()) // 2**20
    return Resources(2, memory, activations_mb(params.batch_size, parents, share=1))


def build(job: Job) -> Session:
    """Quantise the body, train adapters and head through the rounding, store both."""
    from safetensors.torch import save_file

    model = checkpoint.load_model(job, job.parent.path, new_head=False)
    job = checkpoint.keep_labels(job, job.parent)
    train, dev = training_examples(job, job.params)
    layers = architecture.linears(model, within=model.base_model_prefix)
    if not layers:
        raise BuildError("the model's body has no torch.nn.Linear layer to quantise; use a builder that fits it")
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    quantized = dynamic_int8.quantize(model.eval(), per_channel=job.params.per_channel, only=layers)
    tensors = dynamic_int8.pack(quantized)
    if dev:
        job.note(
            "dev_accuracy_before",
            evaluate(_on_cpu(job), trainable(_on_cpu(job), quantized), dev, job.params.batch_size),
        )
    dynamic_int8.simulate(model, quantized, layers)
    adapters.attach(job, model, job.params, [])
    job.fact("int8_layers", len(layers))
    job.fact("trainable_parameters", adapters.trainable(model))
    job.fact("parameters", sum(p.numel() for p in model.parameters()))
    job.fact("train_examples", len(train))
    fit(job, trainable(job, model), train, dev, adapters.hyperparameters(job.params))
    tensors |= adapters.folded(model) | _head(model)
    save_file(tensors, job.out / "model.safetensors")
    checkpoint.set_labels(model, job.task.spec.labels)
    checkpoint.save_config(model, job.out)
    return sessions.session(dynamic_int8.unpack(type(model)(model.config), tensors), job.out)


def _on_cpu(job: Job) -> Job:
    """PyTorch's INT8 kernels are for CPUs alone."""
    return replace(job, device="cpu")


def _head(model: Any) -> dict[str, Any]:
    trained = {name: value for name, value in model.named_parameters() if value.requires_grad}
    return {name: value.detach().cpu().contiguous() for name, value in trained.items() if ".lora_" not in name}
