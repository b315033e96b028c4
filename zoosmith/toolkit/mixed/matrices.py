"""The matrices of a GGUF and the modules of the checkpoint that hold them, in groups that get one type each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import imatrix, placement
from zoosmith.toolkit.gguf.header import Tensor

Grouping = Literal["tensor", "part", "layer"]
EMBEDDING, OUTPUT = placement.OUTER


def modules(model: Any, file: Path, tensors: Sequence[Tensor]) -> dict[str, str]:
    """GGUF name by module name, of every matrix of `tensors` that a module of the torch `model` holds.

    The output layer is named after the embedding where both are one matrix. Raises BuildError where none is found.
    """
    names = imatrix.linear_names(model, file)
    path = {module: name for name, module in model.named_modules()}
    present = {tensor.name for tensor in tensors}
    output = model.get_output_embeddings()
    if output is not None:
        names[path[output]] = OUTPUT if OUTPUT in present else EMBEDDING
    if OUTPUT in present:
        names[path[model.get_input_embeddings()]] = EMBEDDING
    return {name: tensor for name, tensor in names.items() if tensor in present}


def linear(model: Any, names: Mapping[str, str]) -> dict[str, str]:
    """Those of the modules that multiply, whose inputs can be watched."""
    import torch

    modules = dict(model.named_modules())
    return {name: tensor for name, tensor in names.items() if isinstance(modules[name], torch.nn.Linear)}


def groups(tensors: Iterable[Tensor], grouping: Grouping) -> dict[str, list[Tensor]]:
    """Tensors by group, in the order of the file: each alone, by attention and feed-forward of a layer, or by layer."""
    found: dict[str, list[Tensor]] = {}
    for tensor in tensors:
        found.setdefault(_group(tensor.name, grouping), []).append(tensor)
    return found


def _group(name: str, grouping: Grouping) -> str:
    layer = placement.LAYER.match(name)
    if layer is None or grouping == "tensor":
        return name
    if grouping == "layer":
        return f"blk.{layer[1]}"
    return f"blk.{layer[1]}.{layer[2].partition('_')[0]}"


def kinds(group: Sequence[Tensor], types: Iterable[str]) -> list[str]:
    """The types that every tensor of a group fits."""
    return [kind for kind in types if all(placement.fits(tensor, kind) for tensor in group)]


def offered(found: Mapping[str, Sequence[Tensor]], types: Sequence[str], *, asked: bool) -> dict[str, list[str]]:
    """Types by group. Raises BuildError for a group that none fits, and for a type that was asked for and fits none."""
    by_group = {name: kinds(group, types) for name, group in found.items()}
    if bare := [name for name, fitting in by_group.items() if not fitting]:
        placement.check(found[bare[0]], {tensor.name: types[-1] for tensor in found[bare[0]]}, imatrix=True)
    used = {kind for fitting in by_group.values() for kind in fitting}
    if asked and (unused := [kind for kind in types if kind not in used]):
        largest = max((tensor for group in found.values() for tensor in group), key=lambda tensor: tensor.weights)
        placement.check([largest], {largest.name: unused[0]}, imatrix=True)
        raise BuildError(f"types: no group fits {unused[0]} as a whole; take it out, or group by tensor")
    return by_group
