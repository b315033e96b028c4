"""Encoders whose layers have fewer heads or neurons than their config says: their parts, sizes, and loading.

A transformers config knows one number of heads and one feed-forward width for all layers, and ties the width
of attention to that of the hidden states. Where a model differs, `structure.json` beside config.json says
so: `{"layers": [{"heads": 3, "ffn": 512}, ...]}`. The forward passes of BERT, RoBERTa, DistilBERT and their
kin take the number of heads from the width of the projections, so that resized Linear layers are all it takes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from zoosmith.contract.errors import BuildError

FILE = "structure.json"


class Names(NamedTuple):
    """Where an architecture keeps its parts: below the base model, then below one layer; ffn names the config's key."""

    layers: str
    inputs: tuple[str, str, str]
    mixed: str
    up: str
    down: str
    ffn: str


ARCHITECTURES = (
    Names(
        "encoder.layer", ("attention.self.query", "attention.self.key", "attention.self.value"),
        "attention.output.dense", "intermediate.dense", "output.dense", "intermediate_size",
    ),
    Names(
        "transformer.layer", ("attention.q_lin", "attention.k_lin", "attention.v_lin"),
        "attention.out_lin", "ffn.lin1", "ffn.lin2", "hidden_dim",
    ),
)  # fmt: skip


class Layer(NamedTuple):
    """The torch.nn.Linear modules of one layer: query, key and value; what mixes heads; up and down projection."""

    inputs: tuple[Any, Any, Any]
    mixed: Any
    up: Any
    down: Any
    head_size: int


class Size(NamedTuple):
    """What is left of one layer."""

    heads: int
    ffn: int


def known(model: Any) -> Names | None:
    """Where `model` keeps its parts, or None for an architecture that is not described here."""
    for each in ARCHITECTURES:
        try:
            for part in (*each.inputs, each.mixed, each.up, each.down):
                model.base_model.get_submodule(f"{each.layers}.0.{part}")
        except AttributeError:
            continue
        return each
    return None


def names(model: Any) -> Names:
    """Where `model` keeps its parts. Raises BuildError for an architecture that is not described here."""
    found = known(model)
    if found is None:
        raise BuildError(
            f"{type(model).__name__} is none of the encoders whose parts can be removed (BERT, RoBERTa, DistilBERT "
            "and those built like them); prune_magnitude and prune_wanda take any model"
        )
    return found


def layers(model: Any) -> list[Layer]:
    """The layers in order. Raises BuildError for an architecture that is not described here."""
    where = names(model)
    found = []
    for layer in model.base_model.get_submodule(where.layers):
        query, key, value = (layer.get_submodule(name) for name in where.inputs)
        size = layer.get_submodule(where.inputs[0].rpartition(".")[0]).attention_head_size
        mixed, up, down = (layer.get_submodule(name) for name in (where.mixed, where.up, where.down))
        found.append(Layer((query, key, value), mixed, up, down, size))
    return found


def sizes(model: Any) -> list[Size]:
    """Heads and neurons of each layer."""
    return [Size(layer.mixed.in_features // layer.head_size, layer.up.out_features) for layer in layers(model)]


def keep_heads(layer: Layer, kept: Sequence[int]) -> None:
    """Remove all other heads, in place; `kept` are indices in rising order, at least one."""
    columns = [head * layer.head_size + i for head in kept for i in range(layer.head_size)]
    for linear in layer.inputs:
        _keep_outputs(linear, columns)
    _keep_inputs(layer.mixed, columns)


def keep_neurons(layer: Layer, kept: Sequence[int]) -> None:
    """Remove all other neurons between up and down projection, in place."""
    _keep_outputs(layer.up, kept)
    _keep_inputs(layer.down, kept)


def facts(model: Any) -> dict[str, Any]:
    """How large the model is: parameters and, where its parts are known, layers, and heads and neurons of each."""
    found: dict[str, Any] = {"parameters": sum(parameter.numel() for parameter in model.parameters())}
    if known(model) is not None:
        left = sizes(model)
        found |= {"layers": len(left), "heads": [size.heads for size in left], "ffn": [size.ffn for size in left]}
    return found


def write(model: Any, out: Path) -> None:
    """Write `structure.json` where the model's config cannot say all; a width common to all layers goes into it.

    Models of an architecture that is not described here are left alone: nothing can have been removed from them.
    """
    where = known(model)
    if where is None:
        return
    found, key = sizes(model), where.ffn
    widths = {size.ffn for size in found}
    if len(widths) == 1:
        setattr(model.config, key, widths.pop())
    if any(size != Size(model.config.num_attention_heads, getattr(model.config, key)) for size in found):
        content = {"layers": [size._asdict() for size in found]}
        (out / FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> list[Size] | None:
    """The sizes in `path`/structure.json, or None where there is no such file. Raises BuildError for a damaged one."""
    file = path / FILE
    if not file.is_file():
        return None
    try:
        found = [Size(layer["heads"], layer["ffn"]) for layer in json.loads(file.read_text(encoding="utf-8"))["layers"]]
    except (ValueError, KeyError, TypeError) as error:
        raise BuildError(f"{FILE} cannot be read: {error!r}") from error
    if not all(type(number) is int and number > 0 for size in found for number in size):
        raise BuildError(f"{FILE} should give whole numbers above 0 as heads and ffn; found {found}")
    return found


def model_class(base: Any, path: Path) -> Any:
    """The class that opens the checkpoint in `path`: `base`, or a subclass that builds the recorded sizes."""
    found = read(path)
    if found is None:
        return base

    def build(self: Any, config: Any, *given: Any, **named: Any) -> None:
        base.__init__(self, config, *given, **named)
        resize(self, found)

    return type(base.__name__, (base,), {"__init__": build, "__module__": base.__module__})


def resize(model: Any, found: Sequence[Size] | None) -> None:
    """Cut each layer to its size, if sizes were recorded; whatever weights it keeps are loaded afterwards.

    Raises BuildError where the model has other layers, or smaller ones.
    """
    if found is None:
        return
    mine = layers(model)
    if len(mine) != len(found):
        raise BuildError(f"{FILE} describes {len(found)} layers, config.json {len(mine)}: they belong to two models")
    for layer, now, size in zip(mine, sizes(model), found, strict=True):
        if size.heads > now.heads or size.ffn > now.ffn:
            raise BuildError(f"{FILE} gives a layer {size.heads} heads and {size.ffn} neurons; config.json has {now}")
        keep_heads(layer, range(size.heads))
        keep_neurons(layer, range(size.ffn))


def _keep_outputs(linear: Any, kept: Sequence[int]) -> None:
    linear.weight = _rows(linear.weight, kept)
    if linear.bias is not None:
        linear.bias = _rows(linear.bias, kept)
    linear.out_features = len(kept)


def _keep_inputs(linear: Any, kept: Sequence[int]) -> None:
    linear.weight = type(linear.weight)(linear.weight.data[:, list(kept)].clone())
    linear.in_features = len(kept)


def _rows(tensor: Any, kept: Sequence[int]) -> Any:
    return type(tensor)(tensor.data[list(kept)].clone())
