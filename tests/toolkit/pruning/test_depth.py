"""Layers of language models: found without a table, left out with all that counts them."""

from __future__ import annotations

from typing import Any

import pytest

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.pruning import depth

SMALL = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4, "vocab_size": 50}


def model(name: str, **changes: Any) -> Any:
    import torch
    import transformers

    torch.manual_seed(0)
    config = getattr(transformers, f"{name}Config")(**SMALL, **changes)
    return getattr(transformers, f"{name}ForCausalLM")(config).eval()


LLAMA = ("Llama", {"num_key_value_heads": 2, "num_hidden_layers": 4})
QWEN = ("Qwen3", {
    "num_key_value_heads": 2, "num_hidden_layers": 4, "head_dim": 8, "sliding_window": 3, "use_sliding_window": True,
    "layer_types": ["full_attention", "sliding_attention", "full_attention", "sliding_attention"],
})  # fmt: skip


@pytest.mark.parametrize(("name", "changes"), [LLAMA, QWEN, ("GPTNeoX", {"num_hidden_layers": 4})])
def test_what_is_left_computes_as_layers_one_after_the_other(name: str, changes: dict[str, Any]) -> None:
    """With and without a cache: places in it are counted anew."""
    import torch

    whole, cut = model(name, **changes), model(name, **changes)
    layers = depth.stack(cut)
    depth.set_layers(cut, [layers[i] for i in (0, 1, 2)])
    depth.set_layers(cut, [layers[i] for i in (1, 3)])
    assert depth.stack(cut) == [layers[1], layers[3]]
    assert cut.config.num_hidden_layers == 2
    for layer in (depth.stack(whole)[i] for i in (0, 2)):
        layer.forward = lambda states, *_, **__: states
    ids = torch.arange(12)[None] % 7
    with torch.no_grad():
        expected, found = whole(ids, use_cache=False).logits, cut(ids, use_cache=False).logits
        torch.testing.assert_close(found, expected)
        cached = cut(ids[:, :8], use_cache=True)
        rest = cut(ids[:, 8:], past_key_values=cached.past_key_values).logits
    torch.testing.assert_close(rest, expected[:, 8:])
    assert cached.past_key_values.get_seq_length() == 12


def test_entries_of_the_config_follow_their_layers() -> None:
    cut = model(QWEN[0], **QWEN[1])
    layers = depth.stack(cut)
    depth.set_layers(cut, [layers[1], layers[2]])
    assert cut.config.layer_types == ["sliding_attention", "full_attention"]
    depth.set_layers(cut, [layers[3]])
    assert cut.config.layer_types == ["sliding_attention"]


def test_layers_that_are_not_found_are_told() -> None:
    cut = model(LLAMA[0], **LLAMA[1])
    cut.config.num_hidden_layers = 7
    with pytest.raises(BuildError, match="LlamaForCausalLM has no list of 7 layers, as its config says"):
        depth.stack(cut)
