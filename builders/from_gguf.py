"""A GGUF file as the base of a family: its weights in FP32, its tokenizer and its chat template.

Source: transformers, "GGUF and interaction with Transformers". What the file had quantised stays rounded: the artifact
is that rounded model, the fact `origin` says which types it had, and everything made from it says so too.
"""

from __future__ import annotations

from pathlib import Path

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.output import Resources
from zoosmith.contract.params import Params as BaseParams
from zoosmith.contract.session import Session
from zoosmith.toolkit.causal.tokenizer import FolderTokenizer
from zoosmith.toolkit.gguf import importing, tokens
from zoosmith.toolkit.gguf.probes import PROBES
from zoosmith.toolkit.gguf.vocabulary import Vocabulary
from zoosmith.toolkit.torch import sessions

FORMAT = "torch"
PRECISION = "fp32"
ACCEPTS = {"from": ("source",)}
REQUIRES = ("torch", "transformers", "tokenizers", "safetensors", "gguf", "llama-cpp-python")


class Params(BaseParams):
    """file: path of the GGUF in the base; none where it holds one alone."""

    file: str | None = None


def resources(params: Params, parents: dict[str, int]) -> Resources:
    """Weights of four bits and more become two copies of 32; `parents` maps roles to bytes."""
    return Resources(cpus=1, memory_mb=1024 + 16 * sum(parents.values()) // 2**20)


def build(job: Job) -> Session:
    """Dequantise, save, compare the tokenizer that was made with the file's own."""
    file = importing.only_gguf(job.parent.path, job.params.file)
    job.progress(text="reading the GGUF")
    origin = importing.origin(file)
    model = importing.convert(file, job.out)
    job.fact("origin", origin)
    job.fact("parameters", sum(p.numel() for p in model.parameters()))
    job.fact("token_texts", _same_tokens(file, job.out))
    return sessions.session(model, job.out)


def _same_tokens(file: Path, out: Path) -> int:
    made = FolderTokenizer(out)
    with Vocabulary(file) as given:
        found = tokens.differences(made.encode, given.encode)
        tokens.check_template(given.chat_template, made.chat_template)
    if found:
        raise BuildError(
            f"{len(found)} of {len(PROBES)} texts become other tokens in the tokenizer that transformers makes "
            f"of {file.name}, such as {found[0].text!r}: take the model's checkpoint as the base instead of its GGUF"
        )
    return len(PROBES)
