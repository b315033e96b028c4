"""INT8 linear layers trained through their own rounding: every weight learns what INT8 will make of it.

Quantisation-aware training: forward passes round weights and activations as the INT8 kernels do, gradients pass the
rounding unchanged and reach FP32 weights, which are quantised once at the end as `torch_int8` stores them. The head
trains too and stays in FP32. Sources: Jacob et al., 2018, "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference"; Bengio et al., 2013 (straight-through estimator). Where the weights must not
change, use `int8_recover`.
"""

from __future__ import annotations

from dataclasses import replace

from zoosmith.contract import BuildError, Job, Logits, Resources
from zoosmith.lib import architecture, checkpoint, dynamic_int8
from zoosmith.lib.forward import TorchForward
from zoosmith.lib.recovery import Recovery
from zoosmith.lib.train import evaluate, fit
from zoosmith.lib.training_rows import training_examples

FORMAT = "torch_int8"
PRECISION = "int8"
RELATION = "quantized"
ACCEPTS = {"from": ("torch",)}
DATA = ("train", "dev")
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors")
REPRODUCES = "logits"


class Params(Recovery):
    """per_channel: one scale per output channel instead of one per tensor. The rest: how the weights are trained."""

    per_channel: bool = True


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Weights, rounded too, gradients, two moments and activations; `parents` maps roles to bytes."""
    return Resources(cpus=2, memory_mb=2048 + 6 * sum(parents.values()) // 2**20)


def build(job: Job) -> Logits:
    """Train all weights through the rounding of the body's layers, quantise those, store them."""
    from safetensors.torch import save_file

    model = checkpoint.load_model(job, job.parent.path, new_head=False)
    job = checkpoint.keep_labels(job, job.parent)
    train, dev = training_examples(job, job.params)
    layers, per_channel = architecture.linears(model, within=model.base_model_prefix), job.params.per_channel
    if not layers:
        raise BuildError("the model's body has no torch.nn.Linear layer to quantise; use a builder that fits it")
    checkpoint.copy_tokenizer(job.parent.path, job.out)
    if dev:
        untrained = dynamic_int8.quantize(model.eval(), per_channel=per_channel, only=layers)
        on_cpu = replace(job, device="cpu")  # PyTorch's INT8 kernels are for CPUs alone
        job.note("dev_accuracy_before", evaluate(on_cpu, untrained, dev, job.params.batch_size))
    with dynamic_int8.rounding(model, layers, per_channel=per_channel):
        fit(job, model, train, dev, job.params)
    quantized = dynamic_int8.quantize(model.cpu().eval(), per_channel=per_channel, only=layers)
    save_file(dynamic_int8.pack(quantized), job.out / "model.safetensors")
    checkpoint.set_labels(model, job.task.spec.labels)
    checkpoint.save_config(model, job.out)
    parameters = sum(p.numel() for p in model.parameters())
    job.fact("int8_layers", len(layers))
    job.fact("parameters", parameters)
    job.fact("trainable_parameters", parameters)
    job.fact("train_examples", len(train))
    return TorchForward(quantized).logits
