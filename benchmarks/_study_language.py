"""The part of studies.md about language models after training: study C beside our shapes on a CPU.

Nothing is written before `benchmarks/llm_cpu.py` has run.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks._published_language import KINDS, LATENCY, MEMORY, MODELS, Model
from benchmarks._study_text import recorded, versions, wrapped
from zoosmith.cards.card import markdown_table
from zoosmith.cards.figures import milliseconds

FILES = ("benchmarks/results/llm_cpu.json", "benchmarks/results/llm_cpu-llama-3.2-1b.json")
"""Runs, each on one host."""
NOTE = """\
The study quantised five models of 0.5 to 7 billion parameters on GPUs and asked 50 questions of each set: two samples
of 50 can tell 20 points apart, and of its differences between FP16, INT8 and INT4 only Phi-2's on ARC-Easy is larger.
What a type costs does not need its answers, and ours is of the same shapes with random weights, on a CPU:
`benchmarks/llm_cpu.py`, every format in turns. Published milliseconds are of ten new tokens and a prompt; ours are of
one token, with a KV cache, after a prompt. Published memory is torch's on the GPU; ours the peak of the process,
libraries (some 300 MiB) included."""
OURS = {
    "fp32": "transformers FP32",
    "bf16": "transformers BF16",
    "bnb-int8": "bitsandbytes INT8",
    "bnb-nf4": "bitsandbytes NF4",
    "f16": "GGUF F16",
    "q8_0": "GGUF Q8_0",
    "q4_k_m": "GGUF Q4_K_M",
    "q4_0": "GGUF Q4_0",
}
PUBLISHED_HEAD = ["model", "asked", *(f"{kind} %" for kind in KINDS), *(f"{kind} ms" for kind in KINDS),
                  *(f"{kind} GB" for kind in KINDS), "ours"]  # fmt: skip
HEAD = ["shape", "format", "MB on disk", "peak MiB"]


def section(root: Path) -> Iterator[str]:
    """Heading, remarks and tables; nothing where nothing was measured."""
    runs = [told for file in FILES if (told := recorded(root / file)) is not None]
    if not runs:
        return
    yield "## Study C: five language models after training\n"
    yield wrapped(NOTE) + "\n"
    yield markdown_table([PUBLISHED_HEAD, *(row for model in MODELS for row in _published(root, model))]) + "\n"
    for told in runs:
        yield from _run(told)


def _run(told: dict[str, Any]) -> Iterator[str]:
    """Where it was, a table of its shapes, and the study's claims beside them."""
    host, settings = told["host"], told["settings"]
    yield (
        wrapped(
            f"Ours: {host['cpu']}, {host['cores']} cores, {versions(settings['packages'])}; "
            f"{settings['rounds']} rounds of {settings['steps']} tokens; "
            f"others took {100 * told['others_share']:.1f} % of the processors meanwhile."
        )
        + "\n"
    )
    counts = list(next(iter(told["shapes"].values()))["threads"])
    columns = [column for n in counts for column in (f"ms a token, {n} thread(s)", "times FP32")]
    rows = [row for shape, each in told["shapes"].items() for row in _shape(shape, each, counts)]
    yield markdown_table([[*HEAD, *columns], *rows]) + "\n"
    yield from _claims(told)


def _published(root: Path, model: Model) -> Iterator[list[str]]:
    ours = f"recipe `{model.recipe}`" if (root / "recipes" / f"{model.recipe}.yaml").is_file() else "no recipe"
    for i, (asked, accuracy) in enumerate(model.accuracy.items()):
        ms, memory = model.ms.get(asked, ("",) * 3), model.memory_gb if i == 0 else ("",) * 3
        yield [model.name if i == 0 else "", asked, *accuracy, *ms, *memory, ours if i == 0 else ""]


def _shape(shape: str, each: dict[str, Any], counts: list[str]) -> Iterator[list[str]]:
    peaks = each["threads"][counts[0]]
    for name, title in OURS.items():
        cells = [cell for n in counts for cell in _speed(each["threads"][n][name])]
        yield [shape, title, f"{each['size_mb'][name]:.0f}", str(peaks[name]["peak_mb"]), *cells]


def _speed(about: dict[str, Any]) -> list[str]:
    times = about.get("times_fp32")
    ratio = f"{times['value']:.2f} ({times['low']:.2f} to {times['high']:.2f})" if times else ""
    return [milliseconds(about["ms_per_token"]), ratio]


def _claims(told: dict[str, Any]) -> Iterator[str]:
    """What the study says that 8 and 4 bits cost and save against 16, and what they do here."""
    rows = [["claim", "published, of FP16's", *(f"ours, of BF16's: {shape}" for shape in told["shapes"])]]
    for kind, name in (("INT8", "bnb-int8"), ("INT4", "bnb-nf4")):
        each = [_against(shape, name) for shape in told["shapes"].values()]
        rows.append([f"memory of {kind}", MEMORY[kind][0], *(f"{saved:+.0f} %" for saved, _ in each)])
        rows.append([f"time of a token of {kind}", LATENCY[kind][0], *(f"{slower:.2f} times" for _, slower in each)])
    yield markdown_table(rows) + "\n"


def _against(shape: dict[str, Any], name: str) -> tuple[float, float]:
    """Percent of the peak that is saved, and how many times as long a token takes, one thread, against BF16."""
    found = next(iter(shape["threads"].values()))
    mine, theirs = found[name], found["bf16"]
    return 100 * (mine["peak_mb"] / theirs["peak_mb"] - 1), mine["ms_per_token"] / theirs["ms_per_token"]
