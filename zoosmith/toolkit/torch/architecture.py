"""Parts of a transformers model, found without tables of architectures: head, body, linear layers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.toolkit.pruning import structure
from zoosmith.toolkit.torch import sessions


def skeleton(job: Job, path: Path) -> Any:
    """The task's model for the checkpoint in `path`, each part in its size, without weights. Raises BuildError."""
    import torch
    import transformers

    try:
        config = transformers.AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False)
        with torch.device("meta"):
            model = getattr(transformers, job.task.auto_model).from_config(config, trust_remote_code=False)
            structure.resize(model, structure.read(path))
            return model
    except (OSError, ValueError) as error:
        raise BuildError(f"transformers cannot read config.json: {str(error).splitlines()[0]}") from error


def heads(model: Any) -> list[str]:
    """Names of the modules beside the body that hold weights, such as BERT's `classifier`."""
    body = model.base_model_prefix
    return [name for name, part in model.named_children() if name != body and list(part.parameters())]


def trained_heads(model: Any) -> list[str]:
    """Those of `heads` that a training sets: a classifier's; a language model's output matrix stays as it is."""
    return [] if sessions.is_causal(type(model).__name__) else heads(model)


def refuse_output_matrix(model: Any, wanted: Iterable[str], what: str) -> None:
    """Raise BuildError where `wanted` names the embeddings or the output matrix of a causal language model."""
    if not sessions.is_causal(type(model).__name__):
        return
    ends = (model.get_input_embeddings(), model.get_output_embeddings())
    names = [name for name, module in model.named_modules() if any(module is end for end in ends)]
    for want in wanted:
        if any(name == want or name.endswith(f".{want}") for name in names):
            tied = ends[0].weight is ends[1].weight
            why = "are one matrix here (tie_word_embeddings), which would mean two" if tied else "stay as they are"
            raise BuildError(f"{what}: {want}: {' and '.join(names)} {why}; name linear layers of the body, as q_proj")


def tied(model: Any) -> frozenset[str]:
    """Names of weights that are another weight of `model` once more: stored once, and tied by its class."""
    first: dict[int, str] = {}
    names = [(name, id(value)) for name, value in model.named_parameters(remove_duplicate=False)]
    return frozenset(name for name, value in names if first.setdefault(value, name) != name)


def linears(model: Any, *, within: str = "") -> list[str]:
    """Names of the torch.nn.Linear layers, in the order of the model; with `within`, those below that module."""
    import torch

    below = f"{within}." if within else ""
    return [name for name, m in model.named_modules() if isinstance(m, torch.nn.Linear) and name.startswith(below)]


def is_under(name: str, modules: Iterable[str]) -> bool:
    """Whether `name` is one of `modules` or lies below one."""
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def selected(wanted: Sequence[str], names: Sequence[str], what: str) -> list[str]:
    """Those of `names` that `wanted` means by their full name or their last parts, in order.

    Raises BuildError with the nearest names for the first wanted name that means none.
    """
    found = {want: [name for name in names if name == want or name.endswith(f".{want}")] for want in wanted}
    for want, meant in found.items():
        if not meant:
            leaves = sorted({name.rpartition(".")[2] for name in names})
            near = get_close_matches(want, [*leaves, *names], n=3, cutoff=0.4) or leaves[:12]
            raise BuildError(f"{what}: the model has no linear layer {want!r}; did you mean {' or '.join(near)}?")
    chosen = {name for meant in found.values() for name in meant}
    return [name for name in names if name in chosen]
