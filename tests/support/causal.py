"""Tiny causal language models that tests make: a Llama with random weights and a BPE tokenizer trained here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BOS, END, PAD = "<|startoftext|>", "<|im_end|>", "<|endoftext|>"
SPECIAL = (PAD, BOS, "<|im_start|>", END)
VOCABULARY = 384
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SENTENCES = (
    "the quick brown fox jumps over the lazy dog", "a model zoo holds many models", "what is the capital of France?",
    "Paris is the capital of France.", "one two three four five 12345", "def main(): return 0", "don't stop, it's fine",
    "she sells sea shells by the sea shore", "there was once a little girl who lived near the forest",
)  # fmt: skip


def tiny_llama(
    folder: Path,
    *,
    hidden: int = 256,
    layers: int = 2,
    tied: bool = True,
    seed: int = 0,
    chat: bool = True,
    heads: int = 4,
    vocabulary: int = VOCABULARY,
    dtype: str = "float32",
) -> Path:
    """Write an ordinary checkpoint and return its folder.

    Rows are `hidden` long in every matrix but ffn_down, whose rows are 2 x hidden; half as many KV heads as heads.
    """
    import torch
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(folder, vocabulary=vocabulary, chat=chat)
    config = transformers.LlamaConfig(
        vocab_size=vocabulary, hidden_size=hidden, intermediate_size=2 * hidden, num_hidden_layers=layers,
        num_attention_heads=heads, num_key_value_heads=max(1, heads // 2), max_position_embeddings=128,
        tie_word_embeddings=tied, bos_token_id=1, eos_token_id=3, pad_token_id=0, rms_norm_eps=1e-5,
    )  # fmt: skip
    torch.manual_seed(seed)
    model = transformers.LlamaForCausalLM(config).to(getattr(torch, dtype)).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(4.0 if weight.dim() > 1 else 1.0)  # transformers draws them so small that every token is alike
    model.save_pretrained(folder, safe_serialization=True)
    generation = {"bos_token_id": 1, "eos_token_id": [3, 0], "pad_token_id": 0}
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=2), encoding="utf-8")
    return folder


def write_tokenizer(
    folder: Path,
    *,
    vocabulary: int = VOCABULARY,
    chat: bool = True,
    sentences: Sequence[str] = SENTENCES,
    **changes: Any,
) -> None:
    """tokenizer.json (byte-level BPE of exactly `vocabulary` tokens) and tokenizer_config.json, with `changes`.

    sentences: that its tokens are learnt from.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=list(SPECIAL), show_progress=False, min_frequency=1,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator([*sentences, *sentences], trainer)
    assert tokenizer.get_vocab_size() == vocabulary, f"the sentences give {tokenizer.get_vocab_size()} tokens"
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": BOS, "eos_token": END, "pad_token": PAD,
        "add_bos_token": False, "model_max_length": 128, "clean_up_tokenization_spaces": False,
    }  # fmt: skip
    if chat:
        config["chat_template"] = CHAT_TEMPLATE
    (folder / "tokenizer_config.json").write_text(json.dumps(config | changes, indent=2), encoding="utf-8")


def write_sentencepiece(folder: Path, vocabulary: int = VOCABULARY) -> None:
    """SentencePiece BPE with bytes in place of a checkpoint's tokenizer: tokenizer.model and tokenizer.json."""
    import io

    import sentencepiece
    import transformers

    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 2), model_writer=written, vocab_size=vocabulary, model_type="bpe",
        byte_fallback=True, character_coverage=1.0, minloglevel=2, normalization_rule_name="identity",
        remove_extra_whitespaces=False,
    )  # fmt: skip
    (folder / "tokenizer.model").write_bytes(written.getvalue())
    config = {
        "tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
        "add_bos_token": True, "add_eos_token": False, "legacy": False,
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
    made = transformers.AutoTokenizer.from_pretrained(folder)
    made.backend_tokenizer.save(str(folder / "tokenizer.json"))
