"""GGUF to an ordinary transformers checkpoint in FP32: what was quantised stays rounded, and the facts say how.

Weights are dequantised one at a time, as transformers does it. Where it makes a weight of several tensors, its own
loader holds them all; the model that it makes refuses to be saved, so that its weights move into a fresh one.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import by_tensor, census, header, pretokenizer
from zoosmith.toolkit.gguf.modelfile import end_tokens
from zoosmith.toolkit.torch import streamed

KEPT = ("generation_config.json", "tokenizer.model")
"""Files beside a GGUF that are taken as they are: transformers makes neither out of the file."""


def only_gguf(folder: Path, name: str | None = None) -> Path:
    """The GGUF in `folder`, by its name where there are several. Raises BuildError that lists what is there."""
    found = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.gguf"))
    if name is None and len(found) == 1:
        return folder / found[0]
    if name in found:
        return folder / str(name)
    listed = ", ".join(found) or "no .gguf file"
    asked = f"{name!r} is not there" if name else "`file` must say which"
    raise BuildError(f"the base holds {listed}: {asked}")


def origin(file: Path) -> dict[str, Any]:
    """What every descendant says it came from: the file's name, its tensors by type and real bits per weight."""
    found = census.of(file)
    return {"file": file.name, "types": found["tensors"], "bits_per_weight": found["bits_per_weight"]}


def convert(file: Path, out: Path) -> Any:
    """Write the file's model in FP32 below `out`, with all that goes with it; returns it, opened from there.

    Raises BuildError where transformers cannot read it.
    """
    if _streamed(file, out):
        _save_beside(file, out)
        return _opened(out)
    model = load(file)
    save(model, file, out)
    return model


def _streamed(file: Path, out: Path) -> bool:
    """Write weights and configuration a tensor at a time; whether that can be done.

    The file is let go of before anything is opened: as long as it is mapped, what was read of it counts as memory.
    """
    with _reading(file, _model_in(file)):
        found = by_tensor.weights(file)
    if found is None:
        return False
    streamed.write(out / "model.safetensors", found.shapes, found.read)
    found.model.config.dtype = "float32"
    found.model.config.architectures = [type(found.model).__name__]
    found.model.config.save_pretrained(out)
    return True


def _opened(out: Path) -> Any:
    import torch
    import transformers

    with _quiet():
        return transformers.AutoModelForCausalLM.from_pretrained(
            out, dtype=torch.float32, local_files_only=True, trust_remote_code=False, use_safetensors=True
        ).eval()


def _model_in(file: Path) -> str:
    return f"the {header.read(file).metadata.get('general.architecture')} model"


def load(file: Path) -> Any:
    """The file's model with FP32 weights, without a trace of the file. Raises BuildError where transformers cannot."""
    import torch
    import transformers

    with _reading(file, _model_in(file)):
        rounded = transformers.AutoModelForCausalLM.from_pretrained(
            file.parent, gguf_file=file.name, dtype=torch.float32, local_files_only=True, trust_remote_code=False
        )
    return _fresh(rounded)


def _fresh(rounded: Any) -> Any:
    """The same weights in a model that can be saved."""
    import torch

    stated = rounded.config.to_dict().items()
    dropped = ("quantization_config", "_name_or_path", "_model_name_or_path")
    config = type(rounded.config).from_dict({key: value for key, value in stated if key not in dropped})
    with torch.device("meta"):
        model = type(rounded)(config)
    model.load_state_dict(rounded.state_dict(), assign=True)
    for (name, buffer), (_, given) in zip(model.named_buffers(), rounded.named_buffers(), strict=True):
        owner, _, leaf = name.rpartition(".")  # such as RoPE's frequencies, which no state dict holds
        model.get_submodule(owner)._buffers[leaf] = given if buffer.is_meta else buffer
    model.tie_weights()
    model.generation_config = rounded.generation_config
    return model.float().eval()


def save(model: Any, file: Path, out: Path) -> None:
    """Write config, weights, tokenizer, chat template and generation config of `file` below `out`."""
    model.save_pretrained(out, safe_serialization=True)
    _save_beside(file, out)


def _save_beside(file: Path, out: Path) -> None:
    """All but the weights, where config.json is there already."""
    config = out / "config.json"
    stated = json.loads(config.read_text(encoding="utf-8"))
    for key in ("_name_or_path", "_model_name_or_path"):
        stated.pop(key, None)
    config.write_text(json.dumps(stated, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    _save_tokenizer(file, out)
    for name in KEPT:
        if (file.parent / name).is_file():
            shutil.copyfile(file.parent / name, out / name)
    if not (file.parent / "generation_config.json").is_file():
        _write_ends(file, out / "generation_config.json")


def _save_tokenizer(file: Path, out: Path) -> None:
    import transformers

    with _reading(file, "the tokenizer"):
        tokenizer = transformers.AutoTokenizer.from_pretrained(
            file.parent, gguf_file=file.name, local_files_only=True, trust_remote_code=False
        )
    tokenizer.save_pretrained(out)
    _restore_pre_tokenizer(file, out / "tokenizer.json")
    _settle(file, out / "tokenizer_config.json")


def _restore_pre_tokenizer(file: Path, tokenizer: Path) -> None:
    """transformers' loader gives every byte-level BPE GPT-2's pre-tokenizer; the file names the one that it has."""
    known = pretokenizer.stated(header.read(file).metadata.get("tokenizer.ggml.pre", ""))
    if known is None:
        return
    stated = json.loads(tokenizer.read_text(encoding="utf-8")) | {"pre_tokenizer": known}
    tokenizer.write_text(json.dumps(stated, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _settle(file: Path, config: Path) -> None:
    """Say in tokenizer_config.json what the GGUF says about BOS, and nothing about where it lay."""
    stated = json.loads(config.read_text(encoding="utf-8"))
    for key in ("name_or_path", "_name_or_path", "gguf_file", "local_files_only", "is_local"):
        stated.pop(key, None)
    metadata = header.read(file).metadata
    for key in ("add_bos_token", "add_eos_token"):
        if f"tokenizer.ggml.{key}" in metadata:
            stated[key] = metadata[f"tokenizer.ggml.{key}"]
    if stated.get("tokenizer_class") == "TokenizersBackend":
        stated["tokenizer_class"] = "PreTrainedTokenizerFast"  # the same, by the name that transformers 4 knows too
    config.write_text(json.dumps(stated, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_ends(file: Path, config: Path) -> None:
    """BOS, padding and the end tokens that the file states: a GGUF has no generation_config.json."""
    metadata = header.read(file).metadata
    named = {"bos_token_id": "bos_token_id", "pad_token_id": "padding_token_id"}
    stated = {
        key: metadata[f"tokenizer.ggml.{name}"] for key, name in named.items() if f"tokenizer.ggml.{name}" in metadata
    }
    ends = end_tokens(metadata)
    if ends:
        stated["eos_token_id"] = ends[0] if len(ends) == 1 else ends
    config.write_text(json.dumps(stated, indent=2, sort_keys=True) + "\n", encoding="utf-8")


@contextmanager
def _reading(file: Path, what: str) -> Iterator[None]:
    """Raises what transformers raises as BuildError that says what it cannot read, and not where the file lies."""
    try:
        with _quiet():
            yield
    except (OSError, ValueError, RuntimeError, KeyError, NotImplementedError) as error:
        said = str(error).splitlines()[0].replace(str(file.parent), "its folder")
        raise BuildError(f"transformers cannot read {what} in {file.name}: {said}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the bars and warnings of transformers' loader, which speak of files and quantisation that go away."""
    import transformers

    shown, level = transformers.utils.logging.is_progress_bar_enabled(), transformers.utils.logging.get_verbosity()
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        transformers.utils.logging.set_verbosity(level)
        if shown:
            transformers.utils.logging.enable_progress_bar()
