"""The layers of a model as a list that can be made shorter: of encoders and of causal language models.

Those of a language model lie in the one list of modules that has as many as its config says; what else counts layers
(their places in a KV cache, lists of the config with an entry a layer) follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.pruning import structure
from zoosmith.toolkit.torch import sessions

INDEX = "layer_idx"  # of a layer's keys and values in the cache
OWN = "zoosmith_config_entries"


def stack(model: Any) -> list[Any]:
    """The modules of the layers, in order. Raises BuildError for a model whose layers are not found."""
    found = list(model.base_model.get_submodule(_path(model)))
    lists = {name: value for name, value in vars(model.config).items() if _is_by_layer(name, value, len(found))}
    for place, module in enumerate(found):
        setattr(module, OWN, {name: value[place] for name, value in lists.items()})
    return found


def set_layers(model: Any, modules: Sequence[Any]) -> None:
    """Put these modules, of those that `stack` gave, in the place of the layers; the config is told."""
    import torch

    path, _, child = _path(model).rpartition(".")
    setattr(model.base_model.get_submodule(path), child, torch.nn.ModuleList(modules))
    model.config.num_hidden_layers = len(modules)
    for name in getattr(modules[0], OWN):
        setattr(model.config, name, [getattr(module, OWN)[name] for module in modules])
    for place, module in enumerate(modules):
        for part in module.modules():
            if hasattr(part, INDEX):
                setattr(part, INDEX, place)


def _path(model: Any) -> str:
    """Where the list of layers lies below the base model."""
    import torch

    if not sessions.is_causal(type(model).__name__):
        return structure.names(model).layers
    count = model.config.num_hidden_layers
    for name, module in model.base_model.named_modules():
        if isinstance(module, torch.nn.ModuleList) and len(module) == count:
            return str(name)
    raise BuildError(f"{type(model).__name__} has no list of {count} layers, as its config says; none can be left out")


def _is_by_layer(name: str, value: Any, count: int) -> bool:
    """Whether a value of a config has an entry a layer, such as `layer_types` and `no_rope_layers`."""
    return "layer" in name and isinstance(value, list) and len(value) == count


def told_layers(keep: Sequence[int], count: int) -> list[int]:
    """`keep` as a list. Raises BuildError unless it names some of `count` layers, in rising order, and not all."""
    if not keep or list(keep) != sorted(set(keep)) or not 0 <= keep[0] <= keep[-1] < count or len(keep) == count:
        raise BuildError(f"expected some of the layers 0 to {count - 1} in rising order, not all; found {list(keep)}")
    return list(keep)


def facts(model: Any) -> dict[str, Any]:
    """`structure.facts`; of a language model, parameters and layers."""
    found = structure.facts(model)
    return found if "layers" in found else found | {"layers": model.config.num_hidden_layers}
