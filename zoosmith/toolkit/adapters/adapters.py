"""LoRA adapters on a frozen body: where they go, what is trained beside them, how they are stored and put back.

Source: Hu et al., "LoRA", 2021; PEFT. PEFT's own wrapper for classifiers trains copies of the head; here adapters are
put into the model itself and the head is trained in place, which also works where the body is quantised. The files are
PEFT's (adapter_config.json, adapter_model.safetensors), so that PEFT opens them over the same base.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.contract.params import Params
from zoosmith.toolkit.torch import architecture, checkpoint, sessions
from zoosmith.toolkit.training.train import Hyperparameters
from zoosmith.toolkit.training.training_rows import TrainingRows

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
PREFIX, NAME = "base_model.model.", "default"
QUERY_OR_VALUE = re.compile(r"(q|v|query|value|qkv)(_\w+)?")


class Adapters(Params, Hyperparameters, TrainingRows):
    """r: rank; alpha: the update is scaled by alpha / r; dropout: on the adapters' input, not on the model.

    target_modules: names of linear layers, "all-linear" for every one of the body, or "auto": what PEFT adapts in
    this architecture, for others the query and value projections.
    """

    r: int = Field(default=8, ge=1)
    alpha: float = Field(default=16.0, gt=0)
    dropout: float = Field(default=0.05, ge=0, lt=1)
    target_modules: Literal["auto", "all-linear"] | tuple[str, ...] = "auto"
    epochs: int = Field(default=2, ge=1)
    learning_rate: float = Field(default=2e-4, gt=0)
    batch_size: int = Field(default=16, ge=1)


def hyperparameters(params: Adapters) -> Hyperparameters:
    """Those of the training loop, whose `dropout` would replace the model's own."""
    return params.model_copy(update={"dropout": None})


def targets(model: Any, wanted: str | Sequence[str]) -> list[str]:
    """Full names of the linear layers that get adapters.

    Raises BuildError for a name that the model lacks, and for embeddings and output matrix of a language model.
    """
    from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING as OF_PEFT

    layers = architecture.linears(model, within=model.base_model_prefix)
    if not isinstance(wanted, str):
        architecture.refuse_output_matrix(model, wanted, "target_modules")
    if wanted == "all-linear":
        return layers
    if wanted != "auto":
        return architecture.selected(list(wanted), layers, "target_modules")
    known = OF_PEFT.get(model.config.model_type)
    if isinstance(known, list):
        return architecture.selected(known, layers, "target_modules: auto")
    found = [name for name in layers if QUERY_OR_VALUE.fullmatch(name.rpartition(".")[2])]
    if not found:
        leaves = sorted({name.rpartition(".")[2] for name in layers})
        raise BuildError(
            f"target_modules: auto finds no query and value projections in {model.config.model_type}; "
            f"name some of {', '.join(leaves)}, or say all-linear"
        )
    return found


def attach(job: Job, model: Any, params: Adapters, drawn: Sequence[str]) -> Any:
    """Put fresh adapters into `model`; only they, a classifier's head and weights that were `drawn` train.

    Returns PEFT's LoraModel over it. Raises BuildError as `targets` does.
    """
    import torch

    torch.manual_seed(job.seed)
    trained = {*architecture.trained_heads(model), *(name.rpartition(".")[0] for name in drawn)}
    names = [name for name in targets(model, params.target_modules) if not architecture.is_under(name, trained)]
    lora = _inject(model, {"r": params.r, "alpha": params.alpha, "dropout": params.dropout, "targets": names})
    for name, parameter in model.named_parameters():
        if architecture.is_under(name, trained):
            parameter.requires_grad_(True)
    return lora


def _inject(model: Any, about: dict[str, Any]) -> Any:
    from peft import LoraConfig
    from peft.tuners.lora import LoraModel

    config = LoraConfig(
        r=about["r"], lora_alpha=about["alpha"], lora_dropout=about["dropout"], target_modules=list(about["targets"])
    )
    lora = LoraModel(model, config, NAME)
    for name, parameter in model.named_parameters():
        if ".lora_" in name:
            parameter.data = parameter.data.float()  # PEFT gives them the compute type of a 4-bit base
    return lora


def folded(model: Any) -> dict[str, Any]:
    """`LAYER.lora_A` (rank, inputs) and `LAYER.lora_B` (outputs, rank) of each adapter, its scale in B."""
    from peft.tuners.lora import LoraLayer

    tensors = {}
    for name, layer in model.named_modules():
        if isinstance(layer, LoraLayer):
            tensors[f"{name}.lora_A"] = layer.lora_A[NAME].weight.detach().cpu().contiguous()
            tensors[f"{name}.lora_B"] = (layer.lora_B[NAME].weight * layer.scaling[NAME]).detach().cpu().contiguous()
    return tensors


def trainable(model: Any) -> int:
    """How many weights training changes."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def _stored(name: str) -> str:
    """PEFT's name of a parameter in a file: without that of the adapter."""
    return PREFIX + name.replace(f".{NAME}.", ".")


def save(model: Any, params: Adapters, out: Path) -> None:
    """Adapters and trained modules as PEFT's files, and config.json of the whole model."""
    from peft import __version__ as version
    from safetensors.torch import save_file

    kept = {name: value for name, value in model.named_parameters() if value.requires_grad}
    tensors = {_stored(name): value.detach().cpu().contiguous() for name, value in kept.items()}
    save_file(tensors, out / WEIGHTS, metadata={"format": "pt"})
    adapted = sorted(name.partition(".lora_A.")[0] for name in kept if ".lora_A." in name)
    kind = "CAUSAL_LM" if sessions.is_causal(type(model).__name__) else "SEQ_CLS"
    config = {
        "peft_type": "LORA", "task_type": kind, "inference_mode": True, "peft_version": version,
        "r": params.r, "lora_alpha": params.alpha, "lora_dropout": params.dropout, "bias": "none",
        "target_modules": adapted,
        "modules_to_save": sorted({name.rpartition(".")[0] for name in kept if ".lora_" not in name}),
        "base_model_name_or_path": None,
    }  # fmt: skip
    (out / CONFIG).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    checkpoint.save_config(model, out)


def load(model: Any, folder: Path, drawn: Sequence[str]) -> Any:
    """`put_back`; `model` again."""
    put_back(model, folder, drawn)
    return model


def put_back(model: Any, folder: Path, drawn: Sequence[str]) -> Any:
    """Put the adapters and trained modules stored in `folder` into `model`, their base; PEFT's LoraModel over it.

    `drawn` are the weights that the base did not have. Raises BuildError where one of them is not stored, or names
    or shapes differ: the base is another one.
    """
    from safetensors.torch import load_file

    stored = load_file(folder / WEIGHTS)
    lacking = [name for name in drawn if _stored(name) not in stored]
    if lacking:
        raise BuildError(f"the adapter is for another base: this one has no {', '.join(lacking[:3])} of its size")
    config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    about = {"r": config["r"], "alpha": config["lora_alpha"], "dropout": 0.0, "targets": config["target_modules"]}
    try:
        lora = _inject(model, about)
    except ValueError as error:
        raise BuildError(f"the adapter is for another base: {str(error).splitlines()[0]}") from error
    places = {_stored(name): value for name, value in model.named_parameters()}
    for name, value in stored.items():
        if name not in places or places[name].shape != value.shape:
            found = tuple(places[name].shape) if name in places else "nothing"
            raise BuildError(f"the adapter is for another base: {name} is {tuple(value.shape)}, the base has {found}")
        places[name].data.copy_(value)
    return lora
