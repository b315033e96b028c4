"""Whether a checkpoint and its config.json describe one model, and one that answers what the task asks.

transformers draws what a checkpoint lacks at random, drops what its config does not name, and goes on; so what it
reports of a load is judged here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import BuildError

SINGLE = "single_label_classification"
CLASSIFIERS = "AutoModelForSequenceClassification"
BUFFERS = ("position_ids", "token_type_ids", "inv_freq", "masked_bias", "attn.bias", "attention.bias")
"""Made by the model itself; older versions stored them."""
OTHER_HEADS = frozenset((
    "cls", "discriminator_predictions", "generator_lm_head", "generator_predictions", "lm_head", "mask_predictions",
    "mlm_head", "pred_layer", "predictions", "qa_outputs", "sop_classifier", "vocab_layer_norm", "vocab_projector",
    "vocab_transform",
))  # fmt: skip
"""Of pre-training and of other tasks: no class logits pass through them."""


def problem_type(task: Any) -> str | None:
    """As transformers names it; a classification task that does not say so itself has one class a text."""
    default = SINGLE if task.auto_model == CLASSIFIERS else None
    found: str | None = getattr(task, "problem_type", default)
    return found


def check_config(path: Path, name: str, task: Any) -> None:
    """Raise BuildError unless config.json in `path` gives each output a name of its own, and answers the task."""
    wanted = problem_type(task)
    file = path / "config.json"
    if wanted is None or not file.is_file():
        return
    config = json.loads(file.read_text(encoding="utf-8"))
    names = _names(config.get("id2label"), f"{name}: config.json: id2label:")
    said = config.get("problem_type")
    if said is None and len(names) == 1:
        said = "regression"  # as transformers takes a single output
    if said not in (None, wanted):
        raise BuildError(
            f"{name}: config.json: problem_type: {said}, but {task.spec.kind} is {wanted}: scores would be made up; "
            "train one with the builder `finetune`, or write a task for it (docs/howto/task.md)"
        )


def refuse_quantized(path: Path, name: str) -> None:
    """Raise BuildError where config.json in `path` says that the weights are quantised already.

    Such weights get no gradient, cannot take a merge, and would be stored as the full precision that they have not.
    """
    file = path / "config.json"
    quantized = json.loads(file.read_text(encoding="utf-8")).get("quantization_config") if file.is_file() else None
    if quantized:
        bits = 4 if quantized.get("load_in_4bit") else 8 if quantized.get("load_in_8bit") else quantized.get("bits")
        method = quantized.get("quant_method", "an unknown method")
        raise BuildError(
            f"{name}: config.json: quantization_config: the weights are quantised already ({method}"
            f"{f', {bits} bits' if bits else ''}): adapters merged into them would be rounded away, and nothing else "
            "can be trained; take the checkpoint in full precision, and quantise with `qlora`, `bnb_nf4` or `bnb_int8`"
        )


def _names(given: Any, where: str) -> list[str]:
    """Names by output. Raises BuildError for gaps and for two outputs of one name; none given are none."""
    if given is None:
        return []
    try:
        by_output = {int(key): str(value) for key, value in given.items()}
    except (AttributeError, ValueError):
        raise BuildError(f"{where} expected an object from 0, 1, ... to names; found {str(given)[:80]}") from None
    if sorted(by_output) != list(range(len(given))):
        raise BuildError(
            f"{where} expected the outputs 0 to {len(given) - 1}, each once; found {', '.join(map(str, given))}; "
            "name them all in a copy of your own (`path:`)"
        )
    names = [by_output[i] for i in range(len(by_output))]
    if twice := sorted({one for one in names if names.count(one) > 1}):
        raise BuildError(f"{where} {twice[0]!r} names {names.count(twice[0])} outputs; give each a name of its own")
    return names


def check_weights(model: Any, info: Mapping[str, Any], path: Path, name: str, *, new_head: bool) -> None:
    """Raise BuildError where tensors of the body are missing, of other shapes, or not in the model at all.

    info: what from_pretrained reports with `output_loading_info` and `ignore_mismatched_sizes`. new_head: the head
    is drawn and trained anew, so that the checkpoint's may be another one.
    """
    prefix = f"{model.base_model_prefix}."
    shaped = [
        f"{_file(path, key)}: {key} is {tuple(theirs)}, by config.json it should be {tuple(mine)}"
        for key, theirs, mine in sorted(info["mismatched_keys"])
        if not new_head or key.startswith(prefix)
    ]
    _refuse(shaped, name, "has weights of other sizes than config.json says", "take both from one checkpoint")
    missing = [
        f"{key} {_shape(model, key)}"
        for key in sorted(info["missing_keys"])
        if key.startswith(prefix) and "pooler" not in key and not key.endswith(BUFFERS)
    ]
    _refuse(missing, name, "lacks weights of the body", "is it complete, and of this config.json?")
    unused = [f"{_file(path, key)}: {key}" for key in left_over(model, info["unexpected_keys"], new_head=new_head)]
    _refuse(
        unused, name, "has weights that the model of its config.json has no place for",
        "correct config.json (layers, architecture), or take the checkpoint that belongs to it",
    )  # fmt: skip


def left_over(model: Any, unexpected: Iterable[str], *, new_head: bool) -> list[str]:
    """Those of the tensors without a place in `model` that matter: of its body, or unless new_head of its head."""
    body = {name for name, _ in model.base_model.named_children()}
    found = []
    for key in sorted(unexpected):
        inside = key.removeprefix(f"{model.base_model_prefix}.")
        if key.endswith(BUFFERS) or inside.startswith("pooler."):
            continue
        first = inside.partition(".")[0]
        if inside != key or first in body or not (new_head or first in OTHER_HEADS):
            found.append(key)
    return found


def check_whole(model: Any, info: Mapping[str, Any], path: Path) -> None:
    """Raise BuildError unless every tensor of the checkpoint in `path` has its place in the model, and fills it."""
    missing = [key for key in sorted(info["missing_keys"]) if not key.endswith(BUFFERS)]
    shaped = [key for key, *_ in sorted(info["mismatched_keys"])]
    over = left_over(model, info["unexpected_keys"], new_head=False)
    for keys, what in ((missing, "lacks"), (shaped, "has in another size"), (over, "has no place for")):
        if keys:
            raise BuildError(
                f"{path} is damaged: of the tensors that config.json describes, it {what} {', '.join(keys[:3])}; "
                "pull or build it again"
            )


def _refuse(lines: list[str], name: str, what: str, cure: str) -> None:
    if lines:
        more = f" and {len(lines) - 3} more" if len(lines) > 3 else ""
        raise BuildError(f"the checkpoint {name} {what}: {'; '.join(lines[:3])}{more}; {cure}")


def _shape(model: Any, key: str) -> str:
    """The size of a weight of `model`; nothing where it is stored in another form."""
    try:
        return str(tuple(model.get_parameter(key).shape))
    except AttributeError:
        return ""


def _file(path: Path, key: str) -> str:
    """The file in `path` that holds a tensor."""
    index = path / "model.safetensors.index.json"
    if (path / "model.safetensors").is_file() or not index.is_file():
        return "model.safetensors"
    return str(json.loads(index.read_text(encoding="utf-8"))["weight_map"].get(key, index.name))
