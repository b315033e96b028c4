"""A zoo of language models of full size: the shapes of Qwen2-0.5B and Llama-3.2-1B with random weights.

What a token costs and what memory it takes depends on shapes and types, not on what the weights are; how much a type
loses does, so of these nobody says it. Sources of the shapes: config.json of Qwen/Qwen2-0.5B and of
meta-llama/Llama-3.2-1B.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.causal import write_tokenizer
from tests.support.zoo import write_project, write_recipe

SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "qwen2-0.5b": (
        "Qwen2",
        {
            "vocab_size": 151_936, "hidden_size": 896, "intermediate_size": 4_864, "num_hidden_layers": 24,
            "num_attention_heads": 14, "num_key_value_heads": 2, "max_position_embeddings": 32_768,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1_000_000.0}, "rms_norm_eps": 1e-6,
        },
    ),
    "llama-3.2-1b": (
        "Llama",
        {
            "vocab_size": 128_256, "hidden_size": 2_048, "intermediate_size": 8_192, "num_hidden_layers": 16,
            "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64, "max_position_embeddings": 131_072,
            "rope_parameters": {
                "rope_type": "llama3", "rope_theta": 500_000.0, "factor": 32.0, "low_freq_factor": 1.0,
                "high_freq_factor": 4.0, "original_max_position_embeddings": 8_192,
            },
            "rms_norm_eps": 1e-5,
        },
    ),
}  # fmt: skip
REFERENCE = "fp32"
GGUF = ("f16", "q8_0", "q4_k_m", "q4_0")
LOUD = 50.0
WORDS = 320
TEXTS = ("the quick brown fox jumps over the lazy dog", "what is the capital of France?", "one two three four five")
"""Tokens of the tokenizer's own, and what they are learnt from: no digit, which families split in ways of their own."""
VARIANTS = (REFERENCE, "bf16", "bnb-int8", "bnb-nf4", *GGUF)


def write_model(folder: Path, shape: str) -> None:
    """A checkpoint in BF16, as both are published, with a tokenizer of as many tokens.

    Embeddings, which are the head too, are so large that each token is followed by itself: rounding weights must not
    decide what is written, or the builders would rightly refuse it.
    """
    import torch
    import transformers

    family, sizes = SHAPES[shape]
    folder.mkdir(parents=True)
    config = getattr(transformers, f"{family}Config")(
        **sizes, tie_word_embeddings=True, bos_token_id=1, eos_token_id=3, pad_token_id=0, dtype="bfloat16"
    )
    torch.manual_seed(0)
    model = getattr(transformers, f"{family}ForCausalLM")(config).to(torch.bfloat16)
    model.get_input_embeddings().weight.data.mul_(LOUD)
    model.save_pretrained(folder)
    write_tokenizer(folder, vocabulary=WORDS, chat=False, sentences=TEXTS)
    fill(folder / "tokenizer.json", sizes["vocab_size"])


def fill(file: Path, vocabulary: int) -> None:
    """Add tokens to tokenizer.json that no text becomes, so that there are as many as embeddings."""
    tokenizer = json.loads(file.read_text(encoding="utf-8"))
    known = tokenizer["model"]["vocab"]
    known |= {f"unused{i}": i for i in range(len(known), vocabulary)}
    file.write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")


def recipe(shape: str) -> dict[str, Any]:
    """FP32 and what is made of it, by the shipped builders."""

    def from_f16(type: str) -> dict[str, Any]:
        return {"builder": "gguf_quantize", "from": "f16", "params": {"type": type, "allow_fallback": True}}

    return {
        "schema": 1,
        "summary": f"Random weights of the size of {shape}, to see what a token costs.",
        "license": "apache-2.0",
        "bases": {"model": {"path": f"bases/{shape}"}},
        "data": {"texts": {"builtin": "founding_texts"}},
        "task": {"kind": "text-generation", "data": "texts", "max_length": 512},
        "evals": {"texts": {"kind": "perplexity", "data": "texts"}},
        "reference": REFERENCE,
        "artifacts": {
            "fp32": {"builder": "checkpoint", "from": "model"},
            "bf16": {"builder": "torch_half", "from": "fp32", "params": {"dtype": "bf16"}},
            "bnb-int8": {"builder": "bnb_int8", "from": "fp32"},
            "bnb-nf4": {"builder": "bnb_nf4", "from": "fp32"},
            "f16": {"builder": "gguf", "from": "fp32"},
            **{type: from_f16(type) for type in GGUF if type != "f16"},
        },
    }


def write_zoo(project: Path, shapes: list[str]) -> None:
    """One family a shape."""
    write_project(project)
    for shape in shapes:
        write_model(project / "bases" / shape, shape)
        write_recipe(project, recipe(shape), shape)
