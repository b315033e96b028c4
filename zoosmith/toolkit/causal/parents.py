"""A causal language model as it lies in a parent, quantised or not, for what is applied to it as it is."""

from __future__ import annotations

import json
import shutil
from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.manifest import PAYLOAD_MANIFEST
from zoosmith.toolkit.quantization import bnb
from zoosmith.toolkit.torch import sessions


def load(job: Job) -> Any:
    """The parent's model in its own dtype, on the job's device.

    Raises BuildError where it is no causal language model, or does not load.
    """
    import transformers
    from safetensors import SafetensorError

    path, name = job.parent.path, job.parent.name
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    refuse_others(str((config.get("architectures") or ["none"])[0]), name)
    bnb.quiet()
    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(
            path, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype="auto",
            **({"device_map": {"": job.device}} if "quantization_config" in config else {}),
        )  # fmt: skip
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        said = str(error).splitlines()[0].replace(str(path), name)
        raise BuildError(f"transformers cannot load the checkpoint {name}: {said}") from error
    return bnb.keep_packing(model) if "quantization_config" in config else model


def refuse_others(architecture: str, name: str) -> None:
    """Raise BuildError unless `architecture`, a class of transformers, is a causal language model."""
    if not sessions.is_causal(architecture):
        raise BuildError(
            f"{name}: config.json: architectures: {architecture} is no causal language model (...ForCausalLM), which "
            "alone this technique is for"
        )


def copy(job: Job) -> None:
    """All files of the parent's tree, byte by byte, but for its manifest; and what the parent says of its origin."""
    for file in sorted(job.parent.path.iterdir()):
        if file.is_file() and file.name != PAYLOAD_MANIFEST:
            shutil.copyfile(file, job.out / file.name)
    pass_on(job)


def pass_on(job: Job) -> None:
    """The fact `origin` of the parent, which is the artifact's too."""
    if "origin" in job.parent.manifest.facts:
        job.fact("origin", job.parent.manifest.facts["origin"])
