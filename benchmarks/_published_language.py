"""What study C published: five language models, post-training only (honours thesis, 2025).

A100 and L4 GPUs; batch 1, greedy, 10 new tokens, 3 warm-ups, 50 samples a data set; bitsandbytes INT8 (threshold 6.0)
and NF4 with double quantisation. Accuracy in percent, milliseconds of an answer, GB of GPU memory at the peak by
torch's counter; in that order FP16, INT8, INT4. `recipe` is ours of the same model.
"""

from __future__ import annotations

from typing import NamedTuple

KINDS = ("FP16", "INT8", "INT4")
Three = tuple[str, str, str]


class Model(NamedTuple):
    """A model as published; accuracies by what was asked, milliseconds likewise."""

    name: str
    recipe: str
    accuracy: dict[str, Three]
    ms: dict[str, Three]
    memory_gb: Three


HELLASWAG, ARC, SYNTHETIC, AGGREGATED, VISUAL = "HellaSwag", "ARC-Easy", "synthetic", "aggregated", "visual"
MODELS = (
    Model(
        "Qwen2-0.5B", "qwen2-0.5b-instruct",
        {HELLASWAG: ("32", "37", "28"), ARC: ("56", "51", "46")},
        {HELLASWAG: ("263", "1325", "536"), ARC: ("262", "1308", "538")},
        ("1.01", "0.65", "0.48"),
    ),
    Model(
        "TinyLlama 1.1B", "tinyllama-1.1b-chat", {SYNTHETIC: ("30", "30", "20")}, {SYNTHETIC: ("132", "532", "267")},
        ("2.21", "1.26", "0.81"),
    ),
    Model(
        "Phi-2 2.7B", "phi-2",
        {AGGREGATED: ("90", "100", "100"), HELLASWAG: ("25", "30", "23"), ARC: ("59", "49", "34")},
        {AGGREGATED: ("176", "673", "358")}, ("5.59", "3.08", "1.91"),
    ),
    Model(
        "Mistral 7B", "mistral-7b-instruct",
        {AGGREGATED: ("90", "90", "90"), HELLASWAG: ("58", "58", "59"), ARC: ("84", "84", "80")},
        {AGGREGATED: ("190", "962", "368")}, ("14.51", "8.04", "4.27"),
    ),
    Model(
        "LLaVA-1.5 7B", "llava-1.5-7b", {VISUAL: ("100", "100", "100")}, {VISUAL: ("120", "548", "250")},
        ("14.52", "7.76", "4.52"),
    ),
)  # fmt: skip
MEMORY = {"INT8": ("-35 to -47 %", -47.0, -35.0), "INT4": ("-52 to -71 %", -71.0, -52.0)}
LATENCY = {"INT8": ("3.8 to 5 times", 3.8, 5.0), "INT4": ("1.8 to 2.2 times", 1.8, 2.2)}
"""Of FP16's, in words and as bounds."""
