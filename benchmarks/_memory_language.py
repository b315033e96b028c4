"""Random causal language models, a toy and a large one, and a recipe over each: for benchmarks/memory.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.causal import SENTENCES, tiny_llama
from tests.support.zoo import write_recipe, write_rows

FAMILIES = ("toy-language", "language")
SIZES = {"toy-language": {"hidden": 64, "layers": 8}, "language": {"hidden": 768, "layers": 12, "heads": 12}}
TRIMMED = "trimmed"  # the format that has no perplexity


def recipe(family: str, artifacts: Mapping[str, Any], measured: list[str]) -> dict[str, Any]:
    """Artifacts over the base `family`; `measured` are those that a text can be scored with."""
    splits = {"calibration": "calibration", "eval": "test"}
    return {
        "schema": 1,
        "summary": "What builders of language models take.",
        "license": "apache-2.0",
        "bases": {"language": {"path": f"bases/{family}"}},
        "data": {"texts": {"path": "data/texts", "columns": {"text": "text"}, "splits": splits}},
        "task": {"kind": "text-generation", "data": "texts", "max_length": 128},
        "evals": {"texts": {"kind": "perplexity", "data": "texts", "artifacts": ["whole", *measured]}},
        "reference": "whole",
        "artifacts": {"whole": {"builder": "checkpoint", "from": "language"}, **artifacts},
    }


def write(project: Path, artifacts: Mapping[str, Any], measured: list[str], families: Sequence[str] = FAMILIES) -> int:
    """The families below `project`; returns how many bytes of weights more the last model has than the first."""
    for split in ("calibration", "test"):
        write_rows(project / "data" / "texts" / f"{split}.jsonl", [{"text": text} for text in SENTENCES])
    weights = []
    for family in families:
        folder = tiny_llama(project / "bases" / family, **SIZES[family])
        weights.append((folder / "model.safetensors").stat().st_size)
        write_recipe(project, recipe(family, artifacts, measured), family)
    return weights[-1] - weights[0]
