"""The part of studies.md about a GPU: bitsandbytes on models of the studies' sizes, out of results/gpu.json."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks._published import N3, N5, Row, faster
from benchmarks._study_text import recorded, versions, wrapped
from zoosmith.cards.card import markdown_table
from zoosmith.cards.figures import milliseconds

FILE = "benchmarks/results/gpu.json"
HEAD = (
    "configuration", "on", "ms at p50", "times as fast", "VRAM after load", "VRAM growth", "VRAM peak",
    "layers at work", "operators on the CPU",
)  # fmt: skip
NOTE = """\
Written by `benchmarks/gpu.py`, on encoders of the sizes of DistilBERT and BERT-base with random weights: milliseconds,
memory and where kernels run do not depend on what the weights are, and accuracy is left out. All ten answered in turns
at batch 1, tokenizer included, each started once on a core of its own; behind a ratio stand the slowest and the fastest
of its turns, which is no interval. VRAM of ours is what torch holds, MiB; published MB are of the whole run. The study
saw what DistilBERT holds after load rise with INT8 and 4 bit; ours falls with the weights. Answers at batch 1 are bound
by launching kernels, of which quantised layers need more: INT8 and 4 bit slow them down, as the study found, and half
precision is not seen to help (of DistilBERT its turns lie on both sides of FP32's)."""
OURS = {
    "fp32": "FP32",
    "half": "FP16",
    "bnb-int8": "bnb INT8",
    "bnb-nf4": "bnb NF4",
    "qlora-r16": "QLoRA r=16, unmerged",
}


def section(root: Path) -> Iterator[str]:
    """Heading, remarks and table; nothing where no GPU has measured."""
    told = recorded(root / FILE)
    if told is None:
        return
    yield "## Study A, n3 and n5 again: bitsandbytes on a GPU\n"
    yield wrapped(NOTE) + "\n"
    packages = versions(told["packages"])
    yield f"Ours: {told['host']['gpu']}, {told['host']['cores']} cores, {packages}.\n"
    rows = [list(HEAD)]
    for family, name, published in (("distilbert", "DistilBERT", N3), ("bert-base", "BERT-base", N5)):
        rows += [_published(row, published[0]) for row in published]
        rows += [_ours(name, kind, told["artifacts"][f"{family}/{kind}"], told["host"]["gpu"]) for kind in OURS]
    yield markdown_table(rows) + "\n"


def _published(row: Row, baseline: Row) -> list[str]:
    times = "" if row == baseline else f"{faster(baseline, row):.2f}"
    return [row.variant, row.machine, row.ms, times, row.vram, row.vram_growth, row.vram_peak, "", ""]


def _ours(name: str, kind: str, about: dict[str, Any], gpu: str) -> list[str]:
    ratio, vram, seen = about.get("speed_against_fp32"), about["vram_mb"], about["residency"]
    times = f"{ratio['value']:.2f} ({ratio['slowest_turn']:.2f} to {ratio['fastest_turn']:.2f})" if ratio else ""
    memory = [str(vram[field]) for field in ("load", "growth", "peak")]
    latency = milliseconds(about["latency_ms"]["p50"])
    work = [str(seen["layers_at_work"]), str(seen["on_cpu"])]
    return [f"ours: size of {name}, {OURS[kind]}", f"GPU {gpu}", latency, times, *memory, *work]
