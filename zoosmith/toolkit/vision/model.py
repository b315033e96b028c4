"""Checkpoints of image-text-to-text models: reading, saving, and the files that their processors are made of."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from zoosmith.common import gate
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.torch import soundness
from zoosmith.toolkit.torch.checkpoint import TOKENIZER_FILES

REQUIRES = ("torch", "transformers", "tokenizers", "safetensors", "pillow")
AUTO_MODEL = "AutoModelForImageTextToText"
PICTURES = ("preprocessor_config.json", "processor_config.json")
PROCESSOR_FILES = (*TOKENIZER_FILES, *PICTURES, "chat_template.json")


def load(path: Path, name: str, **options: Any) -> Any:
    """The model in `path`, whole, from safetensors alone; options are from_pretrained's.

    Raises BuildError, calling the checkpoint `name`, for another kind of model, and for tensors that are missing, of
    another size or without a place.
    """
    import transformers
    from safetensors import SafetensorError

    gate.require(path, name, adapters=False)
    _require_kind(path, name)
    try:
        model, info = getattr(transformers, AUTO_MODEL).from_pretrained(
            path, local_files_only=True, trust_remote_code=False, use_safetensors=True, output_loading_info=True,
            ignore_mismatched_sizes=True, **options,
        )  # fmt: skip
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        said = str(error).splitlines()[0].replace(str(path), name)
        raise BuildError(f"transformers cannot load the checkpoint {name}: {said}") from error
    soundness.check_whole(model, info, Path(name))
    return model


def _require_kind(path: Path, name: str) -> None:
    from transformers import AutoConfig
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES as KNOWN

    file = path / "config.json"
    kind = json.loads(file.read_text(encoding="utf-8")).get("model_type") if file.is_file() else None
    if kind not in KNOWN:
        raise BuildError(
            f"{name}: config.json: model_type: {kind!r} is no image-text-to-text model of transformers, such as "
            "'llava'; of a language model without pictures, use `checkpoint`"
        )
    AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False)


def save(model: Any, path: Path, out: Path) -> None:
    """Write the model in shards of at most 5 GB, and the processor's files of the checkpoint in `path`.

    Raises BuildError where that has none for pictures.
    """
    from zoosmith.toolkit.torch.checkpoint import save_model

    if not any((path / file).is_file() for file in PICTURES):
        raise BuildError(
            f"the checkpoint has neither {' nor '.join(PICTURES)}, which say how pictures are cut and scaled; list "
            "it under `files:`"
        )
    save_model(model, out)
    for file in PROCESSOR_FILES:
        if (path / file).is_file():
            shutil.copyfile(path / file, out / file)


def placed(path: Path, device: str) -> dict[str, Any]:
    """Arguments of from_pretrained that quantised weights need: they cannot be moved once they are there."""
    quantised = "quantization_config" in json.loads((path / "config.json").read_text(encoding="utf-8"))
    return {"device_map": {"": device}} if quantised else {}


def linears(path: Path) -> dict[str, int]:
    """Input columns of each linear layer of the checkpoint in `path`, by its full name; no weight is read."""
    import torch
    import transformers

    config = transformers.AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False)
    with torch.device("meta"):
        bare = getattr(transformers, AUTO_MODEL).from_config(config, trust_remote_code=False)
    layers = ((name, layer) for name, layer in bare.named_modules() if isinstance(layer, torch.nn.Linear))
    return {name: layer.in_features for name, layer in layers}
