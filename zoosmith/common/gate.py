"""One gate before files of other people are opened: nothing in them may lead out of their folder, or to code.

Libraries follow what they read. `auto_map` names Python code to run; the index of a sharded checkpoint, the external
data of an ONNX file and some keys of configs name files, and may name those of this machine; an attention
implementation with a `/` is a kernel of a hub; an adapter's config names another model. So bases are looked at when
they are fetched, parents before a builder sees them, artifacts when they are pulled, verified and opened. JSON and the
structure of ONNX files alone are read, no library, no tensor.
"""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zoosmith.common import external, safe
from zoosmith.contract.errors import ZooError

ADAPTER = "adapter_config.json"
ABSENT = "is not there"
CLASS = re.compile(r"[A-Za-z_]\w*", re.A)
INDEX = "model.safetensors.index.json"
CONFIGS = (
    "config.json", "generation_config.json", "tokenizer_config.json", "special_tokens_map.json", ADAPTER,
    "processor_config.json", "preprocessor_config.json", "video_preprocessor_config.json", "quantization.json",
    "structure.json", "*.index.json",
)  # fmt: skip
KERNELS = "_implementation"  # within the name of a key, of attention or of experts
VOCABULARIES = ("vocab_file", "merges_file", "tokenizer_file", "spm_file", "sp_model_file", "fast_tokenizer_files")
Found = Iterator[tuple[str, str]]


def require(folder: Path, name: str, *, adapters: bool = True) -> None:
    """Raise ZooError, naming `name`, where files in `folder` lead out of it or to code.

    adapters: an adapter_config.json may be there, which transformers follows to another model.
    """
    found = faults(folder)
    if not adapters and (folder / ADAPTER).is_file():
        found.append(
            f"{ADAPTER}: transformers follows it to another model, which no key names; list the files under `files:` "
            "without it, or merge the adapter into its base first"
        )
    if found:
        raise ZooError(f"{name} is not opened: its files lead outside, or to code\n  " + "\n  ".join(found))


def faults(folder: Path) -> list[str]:
    """What leads out of `folder` or to code, a line each: file, key, what was found, what to do."""
    lines = []
    for file in sorted(file for file in folder.rglob("*") if _is_config(file.name)):
        name = file.relative_to(folder).as_posix()
        lines += [f"{name}: {key}: {fault}" for key, fault in _of_json(file, name, folder)]
    for file in sorted(file for file in folder.rglob("*") if file.suffix.lower() == ".onnx" and file.is_file()):
        lines += [f"{file.relative_to(folder).as_posix()}: {fault}" for fault in _of_onnx(file)]
    return [safe.printable(line) for line in lines]


def _is_config(name: str) -> bool:
    """Whatever its case: some file systems open `Config.json` as config.json."""
    return any(fnmatch.fnmatchcase(name.casefold(), pattern) for pattern in CONFIGS)


def outside(text: Any, folder: Path) -> str | None:
    """Why `text` names no regular file below `folder`, or None: absolute, `..`, a link, or not there."""
    try:
        file = folder / safe.path(text) if isinstance(text, str) else None
    except ZooError as error:
        return str(error)
    if file is None:
        return f"expected a path; found {text!r:.80}"
    if any(part.is_symlink() for part in (file, *file.parents) if part.is_relative_to(folder) and part != folder):
        return f"{text!r} is a link, or lies behind one"
    return None if file.is_file() else f"{text!r} {ABSENT}"


def _of_json(file: Path, name: str, folder: Path) -> Found:
    content = _object(file)
    if isinstance(content, str):
        yield "the file", content
        return
    yield from _of_config(content)
    if name.casefold().endswith(".index.json"):
        yield from _of_index(content, file)
    elif name.casefold() == "tokenizer_config.json" and not (folder / "tokenizer.json").is_file():
        yield from _of_tokenizer(content, folder)
    elif name.casefold() == "config.json":
        yield from _of_weights(content, folder)


def _object(file: Path) -> dict[str, Any] | str:
    """The JSON object in a file, read as leniently as libraries read it; a text says why there is none."""
    if file.is_symlink() or not file.is_file():
        return "it is no regular file"
    if file.stat().st_size > safe.MAX_JSON_BYTES:
        return f"it is longer than {safe.MAX_JSON_BYTES >> 20} MiB"
    try:
        content = json.loads(file.read_bytes().decode("utf-8"))
    except (ValueError, RecursionError) as error:
        return f"it is no JSON that can be read: {error}"
    return content if isinstance(content, dict) else "it holds no JSON object"


def _of_config(content: dict[str, Any]) -> Found:
    """Code and kernels, in a config and in the configs within it."""
    for key, value in _pairs(content):
        if key == "auto_map" and value != {}:
            yield (
                key,
                "it names code to be run, and none of others is; remove the key in a copy of your own (`path:`) if "
                "transformers has the model itself",
            )
        if KERNELS in f"_{key}" and any("/" in text or ":" in text for text in _texts(value)):
            yield key, f"{value!r:.80} is a kernel of a hub, which is code; remove the key"
        if key == "use_pretrained_backbone" and value:
            yield key, "weights of another repository would be fetched; remove the key"
        if key == "architectures" and not _is_list_of_classes(value):
            yield key, f"expected names of classes of transformers; found {value!r:.80}"


def _of_index(content: dict[str, Any], file: Path) -> Found:
    """The shards of a checkpoint. They must be there where they are read; other indices may name what was left out."""
    shards = content.get("weight_map")
    if not isinstance(shards, dict):
        yield "weight_map", "expected an object from tensors to files"
        return
    read = file.name == INDEX and not (file.parent / "model.safetensors").is_file()
    for name in sorted({str(shard) for shard in shards.values()}):
        fault = outside(name, file.parent)
        if fault and (read or not fault.endswith(ABSENT)):
            yield "weight_map", fault


def _of_tokenizer(content: dict[str, Any], folder: Path) -> Found:
    """Without a tokenizer.json, transformers makes one of the files that the config names."""
    for key in VOCABULARIES:
        for text in _texts(content.get(key)):
            if fault := outside(text, folder):
                yield key, fault


def _of_weights(content: dict[str, Any], folder: Path) -> Found:
    """`transformers_weights` is opened in place of model.safetensors."""
    named = content.get("transformers_weights")
    if named is not None and (fault := outside(named, folder)):
        yield "transformers_weights", fault


def _of_onnx(file: Path) -> list[str]:
    named = sorted(external.locations(file))
    return [f"external data: {fault}" for location in named if (fault := outside(location, file.parent))]


def _inside(value: Any) -> Iterator[Any]:
    """A value and all values within it."""
    left = [value]
    while left:
        each = left.pop()
        yield each
        left += each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key of an object and of the objects within it, with its value."""
    for each in _inside(value):
        if isinstance(each, dict):
            yield from each.items()


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value: itself, or those within it."""
    return (each for each in _inside(value) if isinstance(each, str))


def _is_list_of_classes(value: Any) -> bool:
    return value is None or (
        isinstance(value, list) and all(isinstance(name, str) and CLASS.fullmatch(name) for name in value)
    )
