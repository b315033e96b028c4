"""INT8 linear layers trained through their own rounding: every weight learns what INT8 will make of it.

Quantisation-aware training: forward passes round weights and activations as the INT8 kernels do, gradients pass the
rounding unchanged and reach FP32 weights, which are quantised once at the end as `torch_int8` stores them; with
`quantize: false` they are kept, for another quantiser. The head trains too and stays in FP32. Sources: Jacob et al.,
2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference"; Bengio et al.,
2013 (straight-through estimator). Where the weights must not change, use `int8_recover`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.output import Output, Resources
from zoosmith.contract.session import Session
from zoosmith.toolkit.quantization import dynamic_int8
from zoosmith.toolkit.torch import architecture, checkpoint
from zoosmith.toolkit.torch.forward import TorchForward
from zoosmith.toolkit.training.recovery import Recovery
from zoosmith.toolkit.training.train import activations_mb, evaluate, fit
from zoosmith.toolkit.training.training_rows import training_examples

ACCEPTS = {"from": ("torch",)}
DATA = ("train", "dev")
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")
DEVICES = ("cuda",)
REPRODUCES = "logits"


class Params(Recovery):
    """per_channel: one scale per output channel instead of one per tensor.

    quantize: store INT8 layers (true), or the trained FP32 checkpoint (false). The rest: how weights are trained.
    """

    per_channel: bool = True
    quantize: bool = True


def output(params: Params) -> Output:
    """INT8 layers, or the trained checkpoint."""
    if params.quantize:
        return Output("torch_int8", "int8", relation="quantized")
    return Output("torch", "fp32", relation="finetune")


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Weights, gradients, two moments, a layer's rounding, and activations; `parents` maps roles to bytes."""
    memory = 1024 + 5 * sum(parents.values()) // 2**20
    return Resources(2, memory, activations_mb(params.batch_size, parents, share=2))


def build(job: Job) -> Session:
    """Train all weights through the rounding of the body's layers, then store them in INT8 or as they are."""
    model = checkpoint.load_model(job, job.parent.path, new_head=False).to(job.device)
    job = checkpoint.keep_labels(job, job.parent)
    train, dev = training_examples(job, job.params)
    layers = architecture.linears(model, within=model.base_model_prefix)
    if not layers:
        raise BuildError("the model's body has no torch.nn.Linear layer to quantise; use a builder that fits it")
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    with dynamic_int8.rounding(model, layers, per_channel=job.params.per_channel):
        if dev:
            job.note("dev_accuracy_before", evaluate(job, model, dev, job.params.batch_size))
        fit(job, model, train, dev, job.params)
    parameters = sum(p.numel() for p in model.parameters())
    job.fact("parameters", parameters)
    job.fact("trainable_parameters", parameters)
    job.fact("train_examples", len(train))
    checkpoint.set_labels(model, job.task.spec.labels)
    return _stored(job, model, layers)


def _stored(job: Job, model: Any, layers: Sequence[str]) -> Session:
    from safetensors.torch import save_file

    if not job.params.quantize:
        checkpoint.save_model(model, job.out)
        return TorchForward(model, job.device)
    checkpoint.save_config(model, job.out)
    per_channel = job.params.per_channel
    quantized = dynamic_int8.quantize(model.cpu().eval(), per_channel=per_channel, only=layers, in_place=True)
    save_file(dynamic_int8.pack(quantized), job.out / "model.safetensors")
    job.fact("int8_layers", len(layers))
    return TorchForward(quantized)
