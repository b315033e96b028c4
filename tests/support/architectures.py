"""Tiny causal language models of every architecture that recipes name: random weights, tokenizers trained here.

Each has what is odd about its namesake: biases, LayerNorm, a rotation of a part of each head, scaled rotary positions,
an output matrix of its own, more embeddings than tokens, SentencePiece.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from tests.support import causal, label_task
from zoosmith.build.build import write_manifest
from zoosmith.contract.job import Parent
from zoosmith.predictor import manifest_digest
from zoosmith.toolkit.gguf import pretokenizer

HIDDEN, LAYERS, HEADS, KV_HEADS, CONTEXT = 256, 2, 4, 2, 256
PADDED = causal.VOCABULARY + 16
LONG = " ".join(causal.SENTENCES)
"""Some hundred tokens in every tokenizer here: beyond each `original` context, within CONTEXT."""


class Architecture(NamedTuple):
    """config: class of transformers. changes: what it has beside the common sizes.

    tokenizer: the pre-tokenizer by llama.cpp's name, or "spm". original: tokens of context before positions were
    scaled, None where they are not.
    """

    config: str
    changes: Mapping[str, Any]
    tokenizer: str
    original: int | None = None


LLAMA3 = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
          "high_freq_factor": 4.0, "original_max_position_embeddings": 32}  # fmt: skip
YARN = {"rope_type": "yarn", "rope_theta": 1000000.0, "factor": 8.0, "original_max_position_embeddings": 32}
KNOWN = {
    "smollm2": Architecture("LlamaConfig", {"tie_word_embeddings": True}, "smollm"),
    "llama": Architecture(
        "LlamaConfig", {"tie_word_embeddings": True, "rope_parameters": LLAMA3}, "llama-bpe", original=32
    ),
    "qwen2": Architecture(
        "Qwen2Config", {"tie_word_embeddings": True, "rope_parameters": YARN, "vocab_size": PADDED}, "qwen2",
        original=32,
    ),
    "phi": Architecture(
        "PhiConfig",
        {"num_key_value_heads": HEADS, "partial_rotary_factor": 0.5, "intermediate_size": 4 * HIDDEN,
         "hidden_act": "gelu_new", "vocab_size": PADDED, "tie_word_embeddings": False},
        "gpt-2",
    ),
    "mistral": Architecture("MistralConfig", {"sliding_window": None, "tie_word_embeddings": False}, "spm"),
}  # fmt: skip


def write(folder: Path, name: str, *, sentences: Sequence[str] = causal.SENTENCES, **changes: Any) -> Path:
    """Write an ordinary checkpoint of the architecture `name`, with `changes` of its config, and return its folder.

    sentences: that the tokenizer's tokens are learnt from; not of SentencePiece.
    """
    import torch
    import transformers

    about = KNOWN[name]
    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(folder, about.tokenizer, sentences)
    sizes = {"vocab_size": causal.VOCABULARY, "hidden_size": HIDDEN, "intermediate_size": 2 * HIDDEN,
             "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": KV_HEADS,
             "max_position_embeddings": CONTEXT, "bos_token_id": 1,
             "eos_token_id": 2 if about.tokenizer == "spm" else 3, "pad_token_id": 0}  # fmt: skip
    config = getattr(transformers, about.config)(**sizes | dict(about.changes) | changes)
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    with torch.no_grad():
        for key, weight in model.named_parameters():
            if weight.dim() > 1:
                weight.mul_(4.0)  # transformers draws them so small that every token is alike
            elif key.endswith("bias"):
                weight.normal_(std=0.05)  # zeros would hide a bias that is lost
    model.save_pretrained(folder, safe_serialization=True)
    return folder


def write_tokenizer(folder: Path, kind: str, sentences: Sequence[str] = causal.SENTENCES) -> None:
    """A tokenizer of `causal.VOCABULARY` tokens that cuts text as llama.cpp's `kind` does, or SentencePiece ("spm")."""
    causal.write_tokenizer(folder, sentences=sentences)
    if kind == "spm":
        causal.write_sentencepiece(folder)
        return
    file = folder / "tokenizer.json"
    stated = json.loads(file.read_text(encoding="utf-8")) | {"pre_tokenizer": pretokenizer.stated(kind)}
    file.write_text(json.dumps(stated), encoding="utf-8")


def base(folder: Path, name: str) -> Parent:
    """The architecture as a finished tree that answers the toy task of `tests.support.label_task`."""
    write(folder, name)
    step: Any = SimpleNamespace(out=folder, run={"format": "torch", "precision": "fp32"})
    manifest = write_manifest(step, label_task.spec(), None, {}, (), {})
    return Parent(folder, manifest, manifest_digest(folder) or "", f"family/{name}")


def source(folder: Path, name: str) -> Parent:
    """The architecture as a fetched base."""
    from zoosmith.predictor import read_manifest
    from zoosmith.store.manifests import write_source_manifest

    write_source_manifest(write(folder, name))
    return Parent(folder, read_manifest(folder), manifest_digest(folder) or "", f"family/{name}-base")
