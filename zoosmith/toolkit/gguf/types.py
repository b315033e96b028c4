"""Names of llama.cpp's file types (the mixes that it quantises to) and of the tensor types that they are made of.

Source: enum llama_ftype in llama.h and llama_ftype_get_default_type in llama-quant.cpp. Names are ours in lower case.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal, NamedTuple

KvType = Literal["f32", "f16", "q8_0", "q4_0"]
DEFAULT_KV_TYPE: KvType = "f16"


class FileType(NamedTuple):
    """number: of enum llama_ftype. base: tensor type that most matrices get, as ggml names it."""

    number: int
    base: str

    @property
    def bits(self) -> int:
        """Whole bits of a weight of the base type, scales left out."""
        kind = TENSOR_TYPES[self.base]
        return 8 * kind.size // kind.block


FILE_TYPES = {
    "f32": FileType(0, "F32"), "f16": FileType(1, "F16"), "bf16": FileType(32, "BF16"),
    "q8_0": FileType(7, "Q8_0"), "q6_k": FileType(18, "Q6_K"),
    "q5_0": FileType(8, "Q5_0"), "q5_1": FileType(9, "Q5_1"),
    "q5_k_s": FileType(16, "Q5_K"), "q5_k_m": FileType(17, "Q5_K"),
    "q4_0": FileType(2, "Q4_0"), "q4_1": FileType(3, "Q4_1"),
    "q4_k_s": FileType(14, "Q4_K"), "q4_k_m": FileType(15, "Q4_K"),
    "iq4_nl": FileType(25, "IQ4_NL"), "iq4_xs": FileType(30, "IQ4_XS"), "mxfp4_moe": FileType(38, "MXFP4"),
    "q3_k_s": FileType(11, "Q3_K"), "q3_k_m": FileType(12, "Q3_K"), "q3_k_l": FileType(13, "Q3_K"),
    "iq3_xxs": FileType(23, "IQ3_XXS"), "iq3_xs": FileType(22, "IQ3_S"), "iq3_s": FileType(26, "IQ3_S"),
    "iq3_m": FileType(27, "IQ3_S"), "q2_k": FileType(10, "Q2_K"), "q2_k_s": FileType(21, "Q2_K"),
    "q2_0": FileType(41, "Q2_0"),
    "iq2_xxs": FileType(19, "IQ2_XXS"), "iq2_xs": FileType(20, "IQ2_XS"), "iq2_s": FileType(28, "IQ2_XS"),
    "iq2_m": FileType(29, "IQ2_S"), "tq2_0": FileType(37, "TQ2_0"), "tq1_0": FileType(36, "TQ1_0"),
    "iq1_s": FileType(24, "IQ1_S"), "iq1_m": FileType(31, "IQ1_M"), "q1_0": FileType(40, "Q1_0"),
}  # fmt: skip
NEED_IMATRIX = ("iq3_xxs", "iq3_xs", "iq2_xxs", "iq2_xs", "iq2_s", "iq2_m", "iq1_s", "iq1_m", "q2_k_s")
"""Mixes that llama.cpp refuses to make without an importance matrix (tensor_requires_imatrix in llama-quant.cpp)."""


class TensorType(NamedTuple):
    """number: of enum ggml_type. block: weights that share a scale; rows are a multiple of it. size: its bytes."""

    number: int
    block: int
    size: int


TENSOR_TYPES = {
    "F32": TensorType(0, 1, 4), "F16": TensorType(1, 1, 2), "BF16": TensorType(30, 1, 2), "F64": TensorType(28, 1, 8),
    "I8": TensorType(24, 1, 1), "I16": TensorType(25, 1, 2), "I32": TensorType(26, 1, 4), "I64": TensorType(27, 1, 8),
    "Q8_0": TensorType(8, 32, 34), "Q5_0": TensorType(6, 32, 22), "Q5_1": TensorType(7, 32, 24),
    "Q4_0": TensorType(2, 32, 18), "Q4_1": TensorType(3, 32, 20), "IQ4_NL": TensorType(20, 32, 18),
    "MXFP4": TensorType(39, 32, 17), "NVFP4": TensorType(40, 64, 36), "Q2_0": TensorType(42, 64, 18),
    "Q1_0": TensorType(41, 128, 18), "Q2_K": TensorType(10, 256, 84), "Q3_K": TensorType(11, 256, 110),
    "Q4_K": TensorType(12, 256, 144), "Q5_K": TensorType(13, 256, 176), "Q6_K": TensorType(14, 256, 210),
    "IQ1_S": TensorType(19, 256, 50), "IQ1_M": TensorType(29, 256, 56), "IQ2_XXS": TensorType(16, 256, 66),
    "IQ2_XS": TensorType(17, 256, 74), "IQ2_S": TensorType(22, 256, 82), "IQ3_XXS": TensorType(18, 256, 98),
    "IQ3_S": TensorType(21, 256, 110), "IQ4_XS": TensorType(23, 256, 136), "TQ1_0": TensorType(34, 256, 54),
    "TQ2_0": TensorType(35, 256, 66),
}  # fmt: skip
"""Source: ggml-common.h. The package gguf 0.19 lacks Q2_0, so it cannot open every file that llama.cpp writes."""
TENSOR_TYPE_NAMES = {kind.number: name for name, kind in TENSOR_TYPES.items()}


def known(name: str, names: Iterable[str] = tuple(FILE_TYPES)) -> str:
    """`name` itself. Raises ValueError with the nearest of `names` where it is none of them."""
    names = tuple(names)
    if name in names:
        return name
    near = get_close_matches(name.lower().replace("-", "_"), names, n=1, cutoff=0.0)
    raise ValueError(f"llama.cpp has no type {name!r}; did you mean {near[0]!r}? It has: {', '.join(names)}")
