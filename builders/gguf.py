"""A checkpoint as GGUF, by llama.cpp's own converter; the file runs in llama.cpp, Ollama and what is built on them.

Source: llama.cpp, convert_hf_to_gguf.py. F16 keeps more of a weight than BF16, also of a BF16 checkpoint's: it has 11
bits of mantissa, and weights that are too large for it are refused. The tokenizer is compared on over a hundred texts.
"""

from __future__ import annotations

from typing import Literal

from zoosmith.contract.job import Job
from zoosmith.contract.output import Output, Resources, Tolerance
from zoosmith.contract.params import Params as BaseParams
from zoosmith.toolkit.causal.tokenizer import FolderTokenizer
from zoosmith.toolkit.gguf import artifact, census, convert, header, memory, ranges, tokens
from zoosmith.toolkit.gguf.types import DEFAULT_KV_TYPE, KvType

ACCEPTS = {"from": ("torch",)}
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors", "sentencepiece", "llama-cpp-python")
TOOLS = {"llama.cpp": artifact.CONVERTER}
PRECISIONS = {"f16": "fp16", "f32": "fp32", "bf16": "bf16", "q8_0": "q8_0"}
MEAN_KL = {"f16": 1e-4, "f32": 1e-4, "bf16": 1e-3, "q8_0": 0.05}


class Params(BaseParams):
    """type: of the matrices; vectors stay F32.

    bos: "refuse" a checkpoint whose chat template writes BOS while its tokenizer adds it too, or leave it to the
    tokenizer, so that it is written "once". kv_type: what the runtime keeps keys and values in. f16 is llama.cpp's own
    default, and with it attention is computed in half precision; f32 costs twice the memory, and the distributions are
    those of the checkpoint to the fifth decimal.
    """

    type: Literal["f16", "f32", "bf16", "q8_0"] = "f16"
    bos: Literal["refuse", "once"] = "refuse"
    kv_type: KvType = DEFAULT_KV_TYPE


def output(params: Params) -> Output:
    """A GGUF in the type that is asked for."""
    return Output("gguf", PRECISIONS[params.type], relation="quantized")


def check(params: Params) -> Tolerance:
    """The same next tokens, but for near-ties, with hardly another distribution: more means another model."""
    return Tolerance(agreement=0.85 if params.type == "q8_0" else 0.99, mean_kl=MEAN_KL[params.type])


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """What checks opens both: weights in torch, a BF16 checkpoint's file mapped; `parents` maps roles to bytes.

    The converter before it takes less, up to an embedding of a third of the weights.
    """
    copies = 1 + {"f32": 2.0, "f16": 1.0, "bf16": 1.0, "q8_0": 0.54}[params.type]
    return Resources(cpus=1, memory_mb=1024 + round(copies * sum(parents.values()) / 2**20))


def build(job: Job) -> None:
    """Foretell the memory, convert, compare tokenizers, count types."""
    checkpoint, file = job.parent.path, job.out / artifact.MODEL
    tokens.check_fits(checkpoint)
    if job.params.type == "f16":
        job.fact("largest_weight", ranges.refuse_overflow(checkpoint))
    peak = memory.converter_mb(checkpoint)
    job.note("predicted_peak_mb", peak)
    job.progress(text=f"converting, with {peak:,} MiB at its peak")
    overlay = tokens.overlay(checkpoint) if job.params.bos == "once" else {}
    convert.convert(
        checkpoint, file, job.params.type, converter=job.tool("llama.cpp"), overlay=overlay, progress=job.progress
    )
    template = overlay.get(tokens.TEMPLATE_FILE, FolderTokenizer(checkpoint).chat_template)
    job.fact("token_texts", tokens.check(checkpoint, file, template=template))
    tensors = header.read(file).tensors
    census.refuse_fallback(tensors, job.params.type)
    artifact.state(job, tensors)
    artifact.write_modelfile(job, checkpoint)
