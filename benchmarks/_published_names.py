"""What study D published: Llama-3.2-1B matches names, tuned by LoRA and compressed (MTech dissertation, 2025).

2,404 balanced pairs of yes, no and partial, oversampled before they were split; loss on the answer's token alone.
Figures are text, so that their digits stand as published; `artifact` is ours of the same technique, of the family
smollm2-names.
"""

from __future__ import annotations

from typing import NamedTuple

BASE, TRAINED, PARENT, FOLDS = "base", "lora-r16-unmerged", "lora-r16", "5-fold"  # PARENT is TRAINED, merged


class Stage(NamedTuple):
    """A stage as published; macro-F1 and accuracy are shares."""

    name: str
    artifact: str
    macro_f1: str
    accuracy: str = ""


class Variant(NamedTuple):
    """A variant's speed as published, on an EPYC 7B12, and what 100 queries a second within 800 ms take.

    machines: how many, and dollars a month of each.
    """

    name: str
    artifact: str
    tokens_per_s: str
    latency_s: str
    size_gb: str = ""
    machines: str = ""


STAGES = (
    Stage("base, no training", BASE, "~0.52", "0.514"),
    Stage("FP16 LoRA, 5-fold mean ± SD", FOLDS, "0.8576 ± 0.0091", "0.8577"),
    Stage("FP16 LoRA, 95 % of the data", PARENT, "0.896", "0.899"),
    Stage("INT8, no recovery", "int8", "0.811", "0.874"),
    Stage("INT8, recovered", "int8-recovered", "0.836"),
    Stage("4-bit QLoRA recovery, 1 epoch", "nf4-recovered", "0.856", "0.843"),
    Stage("bitsandbytes 8-bit", "bnb-int8", "~0.85"),
    Stage("bitsandbytes 4-bit", "bnb-nf4", "~0.77"),
    Stage("GGUF Q8_0", "q8_0", "~0.82"),
)
VARIANTS = (
    Variant("base FP16/FP32", BASE, "3.06", "0.33"),
    Variant("LoRA unmerged", TRAINED, "2.09", "0.48", "2.4", "40 x 1,160"),
    Variant("merged FP16", PARENT, "2.77", "0.92", "2.1", "misses the limit"),
    Variant("bitsandbytes INT8", "bnb-int8", "2.12", "0.74", "1.4", "15 x 585"),
    Variant("GGUF INT8 (llama.cpp)", "q8_0", "19.67", "0.08", "1.2", "5 x 305"),
)
