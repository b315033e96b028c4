"""What every builder that writes a GGUF does at its end: compare tokenizers, state facts, write a Modelfile."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.tool import PypiTool
from zoosmith.toolkit.gguf import header
from zoosmith.toolkit.gguf.census import census
from zoosmith.toolkit.gguf.modelfile import FILE, modelfile
from zoosmith.toolkit.gguf.probes import PROBES
from zoosmith.toolkit.gguf.tokens import differences
from zoosmith.toolkit.gguf.types import DEFAULT_KV_TYPE
from zoosmith.toolkit.gguf.vocabulary import Vocabulary

MODEL = "model.gguf"
CONVERTER = PypiTool(
    package="llama-cpp-python",
    version="0.3.36",
    sha256="832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e",
    path="vendor/llama.cpp",
)
"""llama.cpp's converter: the sdist that the library is compiled from, so that writer and reader are of one version."""


def state(job: Job, tensors: list[header.Tensor]) -> None:
    """Facts of the file: its types, its real bits per weight, what its runtime keeps keys and values in unless that is
    the default, and where its weights were rounded before.
    """
    found = census(tensors)
    counts = {kind: {"tensors": found["tensors"][kind], "weights": found["weights"][kind]} for kind in found["weights"]}
    job.fact("tensor_types", counts)
    job.fact("bits_per_weight", found["bits_per_weight"])
    job.fact("parameters", sum(found["weights"].values()))
    if job.params.kv_type != DEFAULT_KV_TYPE:
        job.fact("kv_type", job.params.kv_type)
    pass_on_origin(job)


def pass_on_origin(job: Job) -> None:
    """Pass on what a parent states about the GGUF that its weights were dequantised from."""
    stated: dict[str, Any] = job.parent.manifest.facts
    if "origin" in stated:
        job.fact("origin", stated["origin"])


def write_modelfile(job: Job, checkpoint: Path) -> None:
    """The parent's Modelfile where it has one, or one made of the file and of the checkpoint's end tokens."""
    given = job.parent.path / FILE
    if given.is_file():
        shutil.copyfile(given, job.out / FILE)
    else:
        (job.out / FILE).write_text(modelfile(job.out / MODEL, checkpoint), encoding="utf-8")


def same_tokens(parent: Path, file: Path) -> int:
    """On how many texts two GGUF files give the same token ids. Raises BuildError where they do not on all."""
    with Vocabulary(parent) as theirs, Vocabulary(file) as mine:
        found = differences(theirs.encode, mine.encode)
        if found or mine.size != theirs.size or mine.chat_template != theirs.chat_template:
            raise BuildError(
                f"the tokenizer changed on the way: {len(found)} of {len(PROBES)} texts, {mine.size} tokens"
            )
    return len(PROBES)
