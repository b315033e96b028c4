"""GGUF by llama.cpp on CPU: a causal language model in one file, its tokenizer and chat template inside.

Needs neither torch nor transformers.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from zoosmith.contract.manifest import Manifest
from zoosmith.toolkit.gguf.session import GgufCausal
from zoosmith.toolkit.gguf.types import DEFAULT_KV_TYPE

REQUIRES = ("llama-cpp-python", "numpy")
EXTRA = "gguf"
LIBRARY = "gguf"
CAPABILITIES = ("loglikelihood", "loglikelihood_rolling", "next_logprobs", "last_logprobs", "generate")
MODEL_FILE = "model.gguf"


def open(
    path: Path, manifest: Manifest, *, threads: int, device: str = "cpu", needs: Mapping[str, Path] | None = None
) -> GgufCausal:
    """Open `model.gguf` in `path` with `threads` threads and the KV cache that it was built for. Raises ZooError."""
    return GgufCausal(path / MODEL_FILE, threads, kv_type=manifest.facts.get("kv_type", DEFAULT_KV_TYPE))
