"""Tiny language models as finished artifacts: a folder with a manifest, for torch and as GGUF."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.causal import SENTENCES, tiny_llama
from tests.support.gguf_file import write_gguf
from tests.support.toys import opening
from tests.support.zoo import write_project
from zoosmith.contract.manifest import PAYLOAD_MANIFEST, Manifest, TaskSpec
from zoosmith.predictor import read_manifest

WRITING = TaskSpec(kind="text-generation", inputs=("text",))


def write_torch(project: Path, name: str = "torch", context: int = 128, **about: Any) -> Path:
    """A checkpoint of `tests.support.causal.tiny_llama`, whose sessions hold `context` tokens."""
    folder = tiny_llama(write_project(project) / "artifacts" / name, **about)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": context}), encoding="utf-8")
    return _manifest(folder, "torch")


def write_llama_cpp(checkpoint: Path, name: str = "gguf") -> Path:
    """The checkpoint as a GGUF in float32, beside it."""
    folder = checkpoint.parent / name
    folder.mkdir()
    write_gguf(checkpoint, folder / "model.gguf")
    return _manifest(folder, "gguf")


def reading(project: Path, *folders: Path, threads: int = 1, texts: tuple[str, ...] = SENTENCES) -> dict[str, Any]:
    """Arguments of `Child.open` without the folder; prompts are made of `texts`."""
    return opening(project, *folders, threads=threads) | {"inputs": list(texts)}


def as_task(folder: Path, task: TaskSpec) -> Path:
    """The artifact in `folder`, answering another task from now on."""
    return _manifest(folder, read_manifest(folder).format, task)


def _manifest(folder: Path, format: str, task: TaskSpec = WRITING) -> Path:
    manifest = Manifest(format=format, precision="fp32", task=task)
    (folder / PAYLOAD_MANIFEST).write_text(manifest.model_dump_json(by_alias=True), encoding="utf-8")
    return folder
