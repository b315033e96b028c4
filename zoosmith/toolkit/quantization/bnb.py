"""INT8 and NF4 weights by bitsandbytes: quantising, and what its CPU kernels need to be kept from.

Two traps of bitsandbytes 0.50.2 on processors with AVX512. Rows that are no multiple of the NF4 block are expanded
with the scales of other blocks (seen: 32 and 96 columns): such layers stay in FP32. And with AVX512-BF16, NF4 weights
are repacked at the first evaluation (`_convert_weight_packed_for_cpu`): that layout computes in bfloat16 whatever the
compute type, rounds the scales, has no gradient, stays when training goes on, and fails an assertion where rows are
no multiple of 32. `keep_packing` allows it only where none of this matters.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.toolkit.torch import architecture, checkpoint
from zoosmith.toolkit.training.train import fast_autocast

REQUIRES = ("torch", "transformers", "tokenizers", "safetensors", "accelerate", "bitsandbytes")
BLOCK = 64
PACKED_ROWS = 32
ComputeType = Literal["bf16", "fp16", "fp32"]
QUANTISATION = "quantization.json"
TYPES = {"bf16": "bfloat16", "fp16": "float16", "fp32": "float32"}


def fast_compute_type() -> ComputeType:
    """BF16 where the build's device computes it in hardware, as for `autocast`; elsewhere FP32, ten times as fast."""
    return "bf16" if fast_autocast() == "bf16" else "fp32"


def quiet() -> None:
    """bitsandbytes warns at each call that it casts to FP16, which is what it is for."""
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


def int8_config(threshold: float) -> dict[str, Any]:
    """Options of BitsAndBytesConfig: vector-wise INT8. Source: Dettmers et al., LLM.int8(), 2022."""
    return {"load_in_8bit": True, "llm_int8_threshold": threshold}


def nf4_config(*, double_quant: bool, compute_dtype: ComputeType) -> dict[str, Any]:
    """Options of BitsAndBytesConfig: 4-bit NormalFloat in blocks of 64. Source: Dettmers et al., QLoRA, 2023."""
    return {
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_use_double_quant": double_quant,
        "bnb_4bit_compute_dtype": TYPES[compute_dtype],
    }


def load(
    job: Job, path: Path, options: dict[str, Any], skip: Sequence[str] | None, *, new_head: bool
) -> tuple[Any, list[str]]:
    """The task's model with its Linear layers quantised, and the names of the weights that were drawn from the seed.

    The modules in `skip` stay in FP32: by default the head, and what the checkpoint has no weights for; an output
    matrix that is the embeddings too; and with NF4, layers whose rows are no multiple of the block. Raises BuildError
    where `skip` names what the model does not have, or leaves nothing to quantise.
    """
    bare = architecture.skeleton(job, path)
    kept = architecture.heads(bare) if skip is None else [*_known(skip, bare), *_tied_heads(bare)]
    if "load_in_4bit" in options:
        kept += [name for name in architecture.linears(bare) if bare.get_submodule(name).in_features % BLOCK]
    model, drawn = _load(job, path, options, kept, new_head=new_head)
    body = [name for name in drawn if not architecture.is_under(name, kept)]
    if skip is None and body:
        kept = [*kept, *sorted({name.rpartition(".")[0] for name in body})]
        model, drawn = _load(job, path, options, kept, new_head=new_head)
    if not layers(model):
        raise BuildError(f"no linear layer is left to quantise beside {', '.join(kept[:6])}; use another builder")
    job.note("kept_in_fp32", kept)
    return model, drawn


def _tied_heads(model: Any) -> list[str]:
    return [name for name in architecture.heads(model) if f"{name}.weight" in architecture.tied(model)]


def _known(skip: Sequence[str], model: Any) -> list[str]:
    names = [name for name, _ in model.named_modules() if name]
    meant = {name: [full for full in names if full == name or full.endswith(f".{name}")] for name in skip}
    for name in skip:
        if not meant[name]:
            architecture.selected([name], architecture.linears(model), "skip_modules")
    return sorted({full for found in meant.values() for full in found})


def _load(job: Job, path: Path, options: dict[str, Any], skip: Sequence[str], *, new_head: bool) -> Any:
    import torch

    torch.manual_seed(job.seed)
    quantised = configured({**options, "llm_int8_skip_modules": list(skip)}, job.device)
    return checkpoint.load_with_new_weights(job, path, new_head=new_head, **quantised)


def configured(options: dict[str, Any], device: str) -> dict[str, Any]:
    """Arguments of from_pretrained that quantise a full-precision checkpoint while it is read."""
    import transformers

    quiet()
    config = transformers.BitsAndBytesConfig(**options)
    return {"quantization_config": config, "device_map": {"": device}}


def save_options(model: Any, options: dict[str, Any], out: Path) -> None:
    """quantization.json: how a full-precision base is quantised while it is read; see `configured`."""
    skipped = model.config.quantization_config.llm_int8_skip_modules
    text = json.dumps({**options, "llm_int8_skip_modules": skipped}, indent=2, sort_keys=True)
    (out / QUANTISATION).write_text(f"{text}\n", encoding="utf-8")


def layers(model: Any) -> dict[str, Any]:
    """The quantised layers by name."""
    from bitsandbytes import nn

    return {name: m for name, m in model.named_modules() if isinstance(m, nn.Linear4bit | nn.Linear8bitLt)}


def parameters(model: Any) -> int:
    """How many weights the model stands for; two 4-bit weights lie in one stored byte."""
    states = ((p, getattr(p, "quant_state", None)) for p in model.parameters())
    return sum(state.shape.numel() if state else p.numel() for p, state in states)


def keep_packing(model: Any, *, allowed: bool = True) -> Any:
    """Let layers use the repacked layout for inference where it computes what was asked; `model` again."""
    import torch
    from bitsandbytes.functional import has_avx512bf16

    for layer in layers(model).values():
        state = getattr(layer.weight, "quant_state", None)
        if state is not None:
            asked = allowed and layer.out_features % PACKED_ROWS == 0 and layer.compute_dtype is torch.bfloat16
            layer.support_avx512bf16_for_cpu = asked and has_avx512bf16()
    return model
