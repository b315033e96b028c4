"""Shapes of four language models that study C quantised; weights are drawn, so that nothing is downloaded.

Sources: config.json of Qwen/Qwen2-0.5B-Instruct, TinyLlama/TinyLlama-1.1B-Chat-v1.0, microsoft/phi-2 and
mistralai/Mistral-7B-Instruct-v0.2.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from benchmarks._llm_shapes import SHAPES as OF_CPU


class Shape(NamedTuple):
    """family: of transformers' classes. sizes: arguments of its config. weights: how many it has, a tied matrix once.

    published: its name in study C.
    """

    family: str
    sizes: dict[str, Any]
    weights: int
    published: str

    @property
    def tied(self) -> bool:
        """Whether the output matrix is the embedding."""
        return bool(self.sizes.get("tie_word_embeddings", False))


def _rope(theta: float, **more: Any) -> dict[str, Any]:
    return {"rope_type": "default", "rope_theta": theta, **more}


QWEN2 = OF_CPU["qwen2-0.5b"][1] | {"tie_word_embeddings": True}
TINYLLAMA = {
    "vocab_size": 32_000, "hidden_size": 2_048, "intermediate_size": 5_632, "num_hidden_layers": 22,
    "num_attention_heads": 32, "num_key_value_heads": 4, "max_position_embeddings": 2_048, "rms_norm_eps": 1e-5,
    "rope_parameters": _rope(10_000.0),
}  # fmt: skip
PHI = {
    "vocab_size": 51_200, "hidden_size": 2_560, "intermediate_size": 10_240, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 32, "max_position_embeddings": 2_048, "layer_norm_eps": 1e-5,
    "hidden_act": "gelu_new", "rope_parameters": _rope(10_000.0, partial_rotary_factor=0.4),
}  # fmt: skip
MISTRAL = {
    "vocab_size": 32_000, "hidden_size": 4_096, "intermediate_size": 14_336, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 32_768, "rms_norm_eps": 1e-5,
    "rope_parameters": _rope(1_000_000.0), "sliding_window": None,
}  # fmt: skip
SHAPES = {
    "qwen2-0.5b": Shape("Qwen2", QWEN2, 494_032_768, "Qwen2-0.5B"),
    "tinyllama-1.1b": Shape("Llama", TINYLLAMA, 1_100_048_384, "TinyLlama 1.1B"),
    "phi-2": Shape("Phi", PHI, 2_779_683_840, "Phi-2 2.7B"),
    "mistral-7b": Shape("Mistral", MISTRAL, 7_241_732_096, "Mistral 7B"),
}
TRAINED = "mistral-7b"
SMALL = {
    "vocab_size": 256, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 512,
}  # fmt: skip


def tiny(shape: Shape) -> Shape:
    """The same architecture with two small layers: to try a script where there is no GPU."""
    return shape._replace(sizes=shape.sizes | SMALL, weights=0)


def config(shape: Shape) -> Any:
    """transformers' config."""
    import transformers

    return getattr(transformers, f"{shape.family}Config")(
        **({"tie_word_embeddings": False} | shape.sizes), bos_token_id=1, eos_token_id=2, pad_token_id=0
    )


def skeleton(shape: Shape) -> Any:
    """The model without weights: parameters on torch's device "meta", buffers on the CPU."""
    import transformers
    from accelerate import init_empty_weights

    with init_empty_weights(include_buffers=False):
        return getattr(transformers, f"{shape.family}ForCausalLM")(config(shape)).eval()
