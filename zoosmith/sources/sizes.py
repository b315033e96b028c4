"""What a hub says of a model before it is fetched: bytes to download, and weights by type out of files' headers.

Source: huggingface_hub, `get_safetensors_metadata`: the first bytes of each file are asked for, no weights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from fnmatch import fnmatch
from math import prod
from typing import Any, NamedTuple

from zoosmith.sources import hf
from zoosmith.toolkit.torch.stored import Census, is_table

WEIGHTS = (".safetensors", ".gguf")


class Announced(NamedTuple):
    """size: bytes of all files that would come. census: of the weights, None where headers are not to be had."""

    size: int
    census: Census | None


def announced(repo: str, revision: str, files: Collection[str]) -> Announced | None:
    """What fetching `files`, or a base's usual ones, would bring; None where no hub may be asked or it does not answer.

    What stands in the way is told by the step that fetches.
    """
    from huggingface_hub import HfApi, constants

    if constants.HF_HUB_OFFLINE:
        return None
    api = HfApi(library_name="zoosmith")
    try:
        hf.require_answer(repo)
        told = api.model_info(repo, revision=revision, files_metadata=True)
        sizes = {one.rfilename: one.size or 0 for one in told.siblings or [] if _comes(one.rfilename, files)}
        return Announced(sum(sizes.values()), _census(api, repo, revision, sizes))
    except Exception:  # a forecast is a service: the fetch itself says what is wrong
        return None


def _comes(name: str, files: Collection[str]) -> bool:
    return name in files if files else not any(fnmatch(name, pattern) for pattern in hf.NOT_FETCHED)


def _census(api: Any, repo: str, revision: str, sizes: dict[str, int]) -> Census | None:
    """Of the safetensors among the files, by their headers."""
    if not any(name.endswith(".safetensors") for name in sizes):
        return None
    weights: Counter[str] = Counter()
    tables = 0
    for file in api.get_safetensors_metadata(repo, revision=revision).files_metadata.values():
        for name, tensor in file.tensors.items():
            weights[tensor.dtype] += prod(tensor.shape)
            tables += prod(tensor.shape) if is_table(name, tensor.shape) else 0
    return Census(weights, tables, sum(size for name, size in sizes.items() if name.endswith(WEIGHTS)))
