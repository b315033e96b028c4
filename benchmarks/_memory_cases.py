"""The builds that benchmarks/memory.py weighs: where each starts, what it is told, what it may hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

STEPS = 3
CONVERSION, TRAINING, WITH_TEACHER = 2.0, 4.0, 5.0  # copies of the weights
MERGE = 1.1  # one shard and a tenth; a model that fits one shard is one
ENCODER, LANGUAGE_MODEL, WIDE, FEW_WORDS, SEEING_MODEL = "encoder", "language", "wide", "narrow", "seeing"
FAMILIES = {
    ENCODER: ("toy", "weights"),
    LANGUAGE_MODEL: ("toy-language", "language"),
    WIDE: ("toy-wide", "wide"),
    FEW_WORDS: ("toy-narrow", "narrow"),
    SEEING_MODEL: ("toy-seeing", "seeing"),
}
"""By what is built of: the family whose peak is what libraries take, and that of the full size."""
CONVERTER, QUANTISER = "converter", "quantiser"


@dataclass(frozen=True)
class Case:
    """A build: where it starts, what it is told, how many copies it may hold, what else depends on the batch.

    library: the call outside this project that holds more by itself. format: of its artifact, where that is a language
    model's. zoo: what is built of, a key of FAMILIES. watched: what is bounded by the largest tensor beside copies,
    CONVERTER (the process of llama.cpp's) or QUANTISER (private memory that it takes).
    """

    builder: str
    parents: str | dict[str, str]
    copies: float = CONVERSION
    params: dict[str, Any] = field(default_factory=dict)
    sized: tuple[str, ...] = ()
    trains: bool = False
    library: str = ""
    format: str = ""
    zoo: str = ENCODER
    watched: str = ""

    @property
    def families(self) -> tuple[str, ...]:
        """Those that it is built in: the last has the full size, or full batches too."""
        return (*FAMILIES[self.zoo], "batches") if self.sized else FAMILIES[self.zoo]

    def artifact(self, batch: int) -> dict[str, Any]:
        """Its entry in a recipe; params in `sized` become the size of a batch, or all rows of `train`."""
        sizes = {"batch_size": batch, "dev_rows": batch, "rows": batch * STEPS}
        params = self.params | {name: sizes[name] for name in self.sized}
        if self.trains and batch == 1:
            params["autocast"] = "none"
        return {"builder": self.builder, "from": self.parents, "params": params}


def training(builder: str, parents: str | dict[str, str], copies: float = TRAINING, **params: Any) -> Case:
    """One epoch."""
    return Case(builder, parents, copies, {"epochs": 1} | params, ("batch_size",), trains=True)


CASES = {
    "checkpoint": Case("checkpoint", "encoder"),
    "torch-half": Case("torch_half", "checkpoint"),
    "torch-int8": Case("torch_int8", "checkpoint"),
    "bnb-int8": Case("bnb_int8", "checkpoint"),
    "bnb-nf4": Case("bnb_nf4", "checkpoint"),
    "onnx": Case("onnx", "checkpoint"),
    "onnx-fp16": Case("onnx_fp16", "onnx"),
    "onnx-int8": Case("onnx_int8", "onnx", library="onnxruntime.quantization.quantize_dynamic"),
    "onnx-int8-static": Case(
        "onnx_int8_static",
        "onnx",
        params={"loss_budget": 100.0, "rows": 1},
        sized=("dev_rows",),
    ),
    "prune-magnitude": Case("prune_magnitude", "checkpoint"),
    "prune-magnitude-global": Case("prune_magnitude", "checkpoint", params={"scope": "global"}),
    "prune-wanda": Case("prune_wanda", "checkpoint", sized=("rows",)),
    "prune-heads": Case("prune_heads", "checkpoint", sized=("rows",)),
    "prune-ffn": Case("prune_ffn", "checkpoint", sized=("rows",)),
    "prune-layers": Case("prune_layers", "checkpoint", params={"keep": [0]}),
    "finetune": training("finetune", "encoder"),
    "lora": training("lora", "encoder"),
    "adapters": training("lora", "encoder", merge=False),
    "merge-lora": Case("merge_lora", {"from": "adapters", "base": "encoder"}, MERGE),
    "qlora": training("qlora", "encoder"),
    "qat": training("qat", "checkpoint"),
    "int8-recover": training("int8_recover", "checkpoint"),
    "distill": training("distill", {"student": "encoder", "teacher": "checkpoint"}, WITH_TEACHER),
}
ANY = {"min_agreement": 0.0}  # weights are random
NARROW = {"early": 1, "late": 1}
QUICK = {"group_size": 64, "iterations": 1, "pieces": 3, "tokens": 32}
LANGUAGE = {
    "act-quant": Case("act_quant", "whole", params=ANY, format="techniques", zoo=LANGUAGE_MODEL),
    "trim": Case("trim", "whole", format="trimmed", zoo=LANGUAGE_MODEL),
    "layerwise": Case("layerwise", "whole", params=ANY | NARROW, format="techniques", zoo=LANGUAGE_MODEL),
    "selective": Case("selective", "whole", params=ANY, format="bnb", zoo=LANGUAGE_MODEL),
    "combined": Case("combined", "whole", params={"layerwise": NARROW}, format="trimmed", zoo=LANGUAGE_MODEL),
    "autoround": Case("autoround", "whole", 3.0, ANY | QUICK, format="autoround", zoo=LANGUAGE_MODEL),
}
SEARCH = {"types": ["q8_0", "q4_0"], "group": "layer", "rows": 2, "tokens": 16, "like": "q8_0"}
FORETOLD = {
    "gguf": Case("gguf", "whole", format="gguf", zoo=WIDE, watched=CONVERTER),
    "gguf-quantize": Case("gguf_quantize", "gguf", params={"type": "q4_k_m"}, format="gguf", zoo=WIDE,
                          watched=QUANTISER),
    "gguf-mixed": Case("gguf_mixed", "gguf", params={"type": "q4_0"}, format="gguf", zoo=WIDE, watched=QUANTISER),
    "from-gguf": Case("from_gguf", "file", format="torch", zoo=WIDE),
}  # fmt: skip
SEARCHED = {
    "gguf-narrow": Case("gguf", "whole", format="gguf", zoo=FEW_WORDS),
    "mixed-bits": Case("mixed_bits", {"from": "gguf-narrow", "checkpoint": "whole"}, 3.0, SEARCH, format="gguf",
                       zoo=FEW_WORDS),
}  # fmt: skip
"""Each matrix is rounded and tried in each type, so that a large vocabulary takes minutes."""
SEEING = {
    "vision-checkpoint": Case("vision_checkpoint", "seeing", params={"dtype": "fp32"}, zoo=SEEING_MODEL),
    "vision-nf4": Case("vision_bnb", "vision-checkpoint", params=ANY, zoo=SEEING_MODEL),
    "vision-int8": Case("vision_bnb", "vision-checkpoint", params=ANY | {"weights": "int8"}, zoo=SEEING_MODEL),
}
ALL = CASES | LANGUAGE | FORETOLD | SEARCHED | SEEING
