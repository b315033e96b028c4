"""What two studies published of small encoders, table by table, and which of our artifacts stands beside each row.

A: DistilBERT (66 M parameters) and BERT-base (110 M) on SST-2, three machines (MSc dissertation, 2025).
B: DistilBERT on 4,000 training and 1,000 test reviews of IMDB (course report, 2025).

Figures are text, so that their digits stand as published: accuracy and F1 in %, memory in MB. `machine` says where a
row was run; GPUs have "GPU" in it.
"""

from __future__ import annotations

from typing import NamedTuple

CPU, T4, GTX = "CPU", "GPU T4", "GPU GTX 1050 Ti"
SST2, IMDB = "minilm-sst2", "minilm-imdb"


class Row(NamedTuple):
    """One configuration as published; `artifact` is ours of the same technique, of the family of its table.

    ms: latency of an example; seconds: time for all n examples; rate: examples a second; growth: resident memory at
    the end less that after load and warm-up; resident: absolute. `said` stands where there is no accuracy.
    """

    variant: str
    machine: str
    n: int
    artifact: str
    accuracy: str = ""
    f1: str = ""
    ms: str = ""
    seconds: str = ""
    rate: str = ""
    growth: str = ""
    resident: str = ""
    vram: str = ""
    vram_growth: str = ""
    vram_peak: str = ""
    training_memory: str = ""
    trained: str = ""
    minutes: str = ""
    said: str = ""


class Table(NamedTuple):
    """One table of a study. Its rows change against `baseline`, which may be of another table; ours against `against`.

    confusion: whether the study has confusion matrices.
    """

    title: str
    family: str
    rows: tuple[Row, ...]
    baseline: Row
    against: str
    note: str = ""
    confusion: bool = False


DISTILBERT_TEST = "tests/builders/test_qlora.py::test_distilbert_trains_saves_reloads_and_predicts"
LORA_TRAINED = 0.44  # percent of all parameters, n7
N1 = (
    Row("DistilBERT FP32", CPU, 872, "fp32", "91.06", ms="352", growth="273"),
    Row("PyTorch dynamic INT8", CPU, 872, "torch-int8", "89.33", ms="151", growth="5.8"),
    Row("4-bit", CPU, 872, "bnb-nf4", said="unsupported"),
)
N2 = (
    Row("30 % pruned + INT8", CPU, 872, "pruned30-int8", "90.48", seconds="60.2", resident="2330"),
    Row("40 % pruned + INT8", CPU, 872, "pruned40-int8", "88.53", seconds="56.3", resident="2494"),
    Row("50 % pruned + INT8", CPU, 872, "pruned50-int8", "87.16", seconds="47.5", resident="2697"),
)
N3 = (
    Row("DistilBERT FP32", T4, 100, "fp32", "94", ms="12.4", growth="213.5", vram_growth="30", vram="659.9"),
    Row("bnb INT8", T4, 100, "bnb-int8", "94", ms="77.2", growth="130.9", vram_growth="14", vram="843.9"),
    Row("bnb 4-bit", T4, 100, "bnb-nf4", "93", ms="16.5", growth="5.7", vram_growth="2", vram="953.9"),
)
N4 = (
    Row("DistilBERT FP32", GTX, 100, "fp32", "94", ms="9.15", growth="97.4", vram_growth="20.1", vram="1402.5"),
    Row("bnb INT8", GTX, 100, "bnb-int8", "94", ms="98.44", growth="48.7", vram_growth="-12.4", vram="1574.6"),
    Row("bnb 4-bit", GTX, 100, "bnb-nf4", "93", ms="11.27", growth="-4.9", vram_growth="-3.0", vram="1715.1"),
)
N5 = (
    Row("BERT-base FP32", T4, 100, "fp32", "92", ms="12.83", growth="63.3", vram_growth="32", vram="1289.9"),
    Row("bnb INT8", T4, 100, "bnb-int8", "92", ms="94.04", growth="21.0", vram_growth="12", vram="1081.9"),
    Row("bnb 4-bit", T4, 100, "bnb-nf4", "92", ms="20.75", growth="0.5", vram_growth="6", vram="1195.9"),
)
N6 = (
    Row("ONNX Runtime FP32", CPU, 872, "onnx-fp32", "91.06", seconds="191.68", growth="~0"),
    Row("ONNX Runtime dynamic INT8", CPU, 872, "onnx-int8", "90.48", seconds="121.08", growth="~0"),
)
N7 = (
    Row(
        "DistilBERT LoRA r=8, merged", T4, 872, "lora-r8", "90.48", ms="10.5", vram="~1022",
        training_memory="~1000 to 2000", trained="0.295 M of 67.25 M (0.44 %)",
    ),
    Row(
        "DistilBERT QLoRA 4-bit", T4, 872, "qlora-r8", trained="0.295 M of 46.02 M",
        said="failed (bitsandbytes assertion)",
    ),
)  # fmt: skip
N8 = (
    Row(
        "BERT-base full fine-tune", T4, 872, "finetune", "91.63", ms="7.6", vram="421", vram_peak="1514",
        training_memory="2526", minutes="14.59",
    ),
    Row(
        "BERT-base QLoRA r=16, unmerged", T4, 872, "qlora-r16", "90.6", ms="3.25", vram="99", vram_peak="1125",
        training_memory="1639", trained="591,362 of 109.48 M (0.54 %)", minutes="7.55",
    ),
)  # fmt: skip
B = (
    Row("full fine-tune FP16", T4, 1000, "finetune", "88.0", "88.0", ms="1.46", rate="689", vram_peak="1680"),
    Row("LoRA r=8", T4, 1000, "lora-r8", "83.5", "83.5", ms="1.86", rate="538", vram_peak="1840"),
    Row("LoRA r=4", T4, 1000, "lora-r4", "83.2", "83.2", ms="1.88", rate="533", vram_peak="1840"),
    Row("dynamic INT8", CPU, 1000, "torch-int8", "84.5", "84.4", ms="214.60", rate="4.66"),
    Row("30 % pruned", T4, 1000, "pruned30", "87.4", "87.4", ms="1.41", rate="708", vram_peak="1670"),
)

TABLES = (
    Table("Study A, n1: FP32 and PyTorch dynamic INT8 on a CPU", SST2, N1, N1[0], "fp32"),
    Table(
        "Study A, n2: magnitude pruning, then INT8, on a CPU", SST2, N2, N1[0], "fp32",
        "Published changes are against FP32 of n1, whose latency was measured in another way: no ratio of it.",
    ),
    Table("Study A, n3: bitsandbytes, DistilBERT", SST2, N3, N3[0], "fp32"),
    Table("Study A, n4: bitsandbytes, DistilBERT, a smaller GPU", SST2, N4, N4[0], "fp32",
          "The study marks the 4-bit run as a fallback to the CPU."),
    Table("Study A, n5: bitsandbytes, BERT-base", SST2, N5, N5[0], "fp32"),
    Table("Study A, n6: ONNX Runtime on a CPU", SST2, N6, N6[0], "onnx-fp32"),
    Table(
        "Study A, n7: LoRA and QLoRA, DistilBERT", SST2, N7, N1[0], "finetune",
        "Published: two epochs; its change is against FP32 of n1, a checkpoint that others trained. Ours learnt from "
        "20,000 rows, `finetune` too. The published 0.295 M are the adapters alone (6 layers x 4 projections x 2 x 8 x "
        f"768); ours count the head too. That DistilBERT itself trains by QLoRA is held by `{DISTILBERT_TEST}`.",
    ),
    Table(
        "Study A, n8: full fine-tune and QLoRA, BERT-base", SST2, N8, N8[0], "finetune",
        "Published QLoRA learnt from the first 20,000 rows; of ours both learnt from 20,000. Adapters are on query and "
        "value, as there; with adapters on every linear layer ours is among the headline figures.",
    ),
    Table(
        "Study B: five configurations, IMDB", IMDB, B, B[0], "finetune",
        "Published INT8 was measured on a CPU, the rest on a GPU: no ratio. Published examples/s are at batch 16 or "
        "32. The report has confusion matrices too; ours are below.",
        confusion=True,
    ),
)  # fmt: skip


def faster(slow: Row, fast: Row) -> float:
    """How many times as fast one row is as another, by whichever time both have. Raises ValueError for none."""
    for one, other in ((slow.ms, fast.ms), (slow.seconds, fast.seconds)):
        if one and other:
            return float(one) / float(other)
    raise ValueError(f"{slow.variant} and {fast.variant} were not timed in one unit")


def points(row: Row, baseline: Row) -> float:
    """Change of accuracy in points."""
    return round(float(row.accuracy) - float(baseline.accuracy), 2)
