"""What of a folder becomes a base where the recipe lists no `files:`: what model formats need, and nothing else.

A folder of somebody's work holds more than a model: `.env`, keys, notes, checkpoints of a trainer. A base may be
published, so that only names which libraries read are taken, dotfiles never. Links are followed: the cache of a hub
holds nothing else.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from zoosmith.common.canonical import digest
from zoosmith.common.safe import is_pickle
from zoosmith.contract.errors import ZooError
from zoosmith.store.files import sha256_file

NEEDED = (
    "*.safetensors", "*.safetensors.index.json", "*.gguf", "*.onnx", "*.onnx.data", "*.onnx_data", "*.npz", "*.npy",
    "config.json", "generation_config.json", "quantization.json", "structure.json", "adapter_config.json",
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt",
    "vocab.json", "merges.txt", "*.model", "*.tiktoken", "chat_template.jinja", "chat_template.json",
    "preprocessor_config.json", "processor_config.json", "LICENSE", "LICENSE.txt", "LICENSE.md", "NOTICE",
)  # fmt: skip
ANYWHERE = ("*.gguf",)  # a builder's parameter may name one in a folder below
POINTER = b"version https://git-lfs.github.com/spec/"
LONGEST_POINTER = 1024  # bytes, by the specification of git-lfs
SHOWN = 8


def needed(source: Path) -> dict[str, Path]:
    """Names of the files in `source` that a base is made of, sorted, each with where it lies.

    `source` may be one file. Raises ZooError where there is neither, for a link to nothing, and for weights in
    pickles alone.
    """
    if source.is_file():
        return {source.name: source}
    if not source.is_dir():
        raise ZooError(f"{source} is no folder, and no file; the recipe names it as `path:`")
    names = list(below(source))
    found = {name: source / name for name in names if _is_needed(name)}
    for name, file in found.items():
        if not file.is_file():
            raise ZooError(
                f"{name} is a link to nothing, or no regular file; fetch it again, or list `files:` without it"
            )
    pickles = [name for name in names if is_pickle(name) and "/" not in name]
    if pickles and not any(name.endswith((".safetensors", ".gguf", ".onnx")) for name in found):
        raise ZooError(
            f"{', '.join(pickles[:3])} is a pickle, which may run code when read, with no other weights beside it; "
            "convert it where you trust it: AutoModel.from_pretrained(FOLDER).save_pretrained(FOLDER) with the class "
            "of the model writes model.safetensors"
        )
    return dict(sorted(found.items(), key=lambda item: Path(item[0])))


def left_out(source: Path, taken: Iterable[str]) -> str:
    """One line of what of a folder does not become part of the base, and how to have it; "" for nothing."""
    rest = sorted(set(below(source)) - set(taken)) if source.is_dir() else []
    more = f" and {len(rest) - SHOWN} more" if len(rest) > SHOWN else ""
    listed = ", ".join(rest[:SHOWN])
    return f"left out: {listed}{more}; what else the base needs, list under `files:`" if rest else ""


def key(source: Path) -> str:
    """Digest of the names and bytes of what is needed. Raises ZooError as `needed` does."""
    return digest([[name, sha256_file(file)] for name, file in needed(source).items()])


def refuse_dotfile(name: str) -> None:
    """Raise ZooError where a name, or a folder of it, begins with a dot."""
    if any(part.startswith(".") for part in name.split("/")):
        raise ZooError(f"{name} is a dotfile: settings and secrets of a machine, never part of a base; rename it")


def refuse_no_weights(out: Path, repo: str) -> None:
    """Raise ZooError for a model of a hub without weights: those in pickles are not brought."""
    weights = ("*.safetensors", "*.gguf", "*.onnx")
    if (out / "config.json").is_file() and not any(file for each in weights for file in out.rglob(each)):
        raise ZooError(
            f"{repo} has a config.json and no weights in safetensors, GGUF or ONNX, perhaps in a pickle alone "
            "(pytorch_model.bin), which may run code when read: pin a commit that has model.safetensors (a branch "
            "refs/pr/N of the hub often has), or convert it where you trust it; for other files list `files:`"
        )


def refuse_pointer(file: Path, name: str) -> None:
    """Raise ZooError where git-lfs has left a pointer in the place of a file."""
    if file.stat().st_size <= LONGEST_POINTER and file.read_bytes().startswith(POINTER):
        raise ZooError(
            f"{name} is a pointer of git-lfs, {file.stat().st_size} bytes that stand for the file: run "
            "`git lfs install` and `git lfs pull` where it was cloned"
        )


def _is_needed(name: str) -> bool:
    patterns = ANYWHERE if "/" in name else NEEDED
    return any(fnmatch.fnmatchcase(name.rpartition("/")[2], pattern) for pattern in patterns) and not _is_hidden(name)


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def below(source: Path) -> Iterator[str]:
    """Names of files and links below a folder, links to folders followed, each folder once."""
    seen = set()
    for here, folders, files in os.walk(source, followlinks=True):
        seen.add(os.path.realpath(here))
        folders[:] = sorted(name for name in folders if os.path.realpath(Path(here, name)) not in seen)
        for name in sorted(files):
            yield Path(here, name).relative_to(source).as_posix()
