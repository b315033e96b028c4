"""A tiny Llama checkpoint as a GGUF, written by hand with the package `gguf`: nothing of a converter is in it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

NAMES = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}  # fmt: skip


def write_gguf(
    checkpoint: Path, file: Path, *, architecture: str = "llama", without: Sequence[str] = (), tokenizer: bool = True
) -> Path:
    """Write a checkpoint of `tests.support.causal.tiny_llama` in float32 and return `file`.

    without: names of metadata or tensors that are left out. tokenizer: whether the vocabulary is in it.
    """
    import gguf
    from safetensors.numpy import load_file

    config = json.loads((checkpoint / "config.json").read_text())
    writer = gguf.GGUFWriter(file, architecture)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    if tokenizer:
        _vocabulary(writer, checkpoint, without)
    else:
        writer.add_tokenizer_model("none")
        writer.add_vocab_size(config["vocab_size"])
    for name, tensor in load_file(checkpoint / "model.safetensors").items():
        _tensor(writer, name, tensor.astype("float32"), config, without)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def _vocabulary(writer: Any, checkpoint: Path, without: Sequence[str]) -> None:
    from gguf import TokenType

    tokenizer = json.loads((checkpoint / "tokenizer.json").read_text())
    config = json.loads((checkpoint / "tokenizer_config.json").read_text())
    vocabulary = sorted(tokenizer["model"]["vocab"], key=tokenizer["model"]["vocab"].get)
    special = {token["content"] for token in tokenizer["added_tokens"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(vocabulary)
    writer.add_token_types([TokenType.CONTROL if token in special else TokenType.NORMAL for token in vocabulary])
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(vocabulary.index(config["bos_token"]))
    writer.add_eos_token_id(vocabulary.index(config["eos_token"]))
    writer.add_add_bos_token(bool(config["add_bos_token"]))
    if config.get("chat_template") and "chat_template" not in without:
        writer.add_chat_template(config["chat_template"])


def _tensor(writer: Any, name: str, tensor: Any, config: dict[str, Any], without: Sequence[str]) -> None:
    layer, _, rest = name.removeprefix("model.layers.").partition(".")
    own = NAMES[rest.removesuffix(".weight")] if layer.isdigit() else NAMES[name.removesuffix(".weight")]
    if own in ("attn_q", "attn_k"):  # llama.cpp rotates neighbouring rows, transformers rows half a head apart
        heads = config["num_attention_heads" if own == "attn_q" else "num_key_value_heads"]
        tensor = tensor.reshape(heads, 2, -1, tensor.shape[1]).swapaxes(1, 2).reshape(tensor.shape)
    if own not in without:
        writer.add_tensor(f"blk.{layer}.{own}.weight" if layer.isdigit() else f"{own}.weight", tensor)
