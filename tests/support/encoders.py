"""Small encoders of several architectures, untrained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.job import LABELS, TEXT
from tests.support.zoo import write_tokenizer

ARCHITECTURES = ("Bert", "DistilBert", "Roberta")
INPUT_IDS = [[2, 5, 9, 14, 3], [2, 6, 3, 0, 0]]
MASK = [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]


def encoder(architecture: str, *, layers: int = 3, heads: int = 4, vocabulary: int = 40, spread: float = 0.4) -> Any:
    """A classifier with weights far from zero, so that parts that are missing are seen."""
    import torch
    import transformers

    torch.manual_seed(0)
    if architecture == "DistilBert":
        sizes: dict[str, Any] = {"dim": 32, "n_layers": layers, "n_heads": heads, "hidden_dim": 48}
    else:
        sizes = {
            "hidden_size": 32, "num_hidden_layers": layers, "num_attention_heads": heads, "intermediate_size": 48,
            "type_vocab_size": 2,
        }  # fmt: skip
    config = getattr(transformers, f"{architecture}Config")(
        vocab_size=vocabulary, max_position_embeddings=64, pad_token_id=0, initializer_range=spread,
        id2label=dict(enumerate(LABELS[TEXT])), label2id={label: i for i, label in enumerate(LABELS[TEXT])}, **sizes,
    )  # fmt: skip
    return getattr(transformers, f"{architecture}ForSequenceClassification")(config).eval()


def write_encoder(folder: Path, architecture: str, **kind: Any) -> Path:
    """The same as a checkpoint with a tokenizer."""
    folder.mkdir(parents=True)
    encoder(architecture, vocabulary=write_tokenizer(folder), **kind).save_pretrained(folder)
    return folder


def logits(model: Any) -> Any:
    """Logits (2, 2) of fixed input, one row padded."""
    import torch

    with torch.inference_mode():
        return model(input_ids=torch.tensor(INPUT_IDS), attention_mask=torch.tensor(MASK)).logits
