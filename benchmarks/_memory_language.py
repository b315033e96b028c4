"""Random language models, toys and large ones, and recipes over them: for benchmarks/memory.py."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks._llm_shapes import fill
from benchmarks._memory_cases import FAMILIES, LANGUAGE_MODEL, SEEING_MODEL, WIDE
from tests.support.causal import SENTENCES, VOCABULARY, tiny_llama
from tests.support.zoo import write_recipe, write_rows

SIZES = {
    "toy-language": {"hidden": 64, "layers": 8},
    "language": {"hidden": 768, "layers": 12, "heads": 12},
    "toy-wide": {"hidden": 256, "layers": 2},
    "wide": {"hidden": 768, "layers": 2, "heads": 8},
    "toy-narrow": {"hidden": 256, "layers": 1},
    "narrow": {"hidden": 512, "layers": 2, "heads": 8},
    "toy-seeing": {"hidden": 64},
    "seeing": {"hidden": 1024},
}
WORDS = {"toy-wide": VOCABULARY, "wide": 16_384, "toy-narrow": VOCABULARY, "narrow": VOCABULARY}
LOUD, SURE = 4.0, 6.0
TRIMMED = "trimmed"  # the format that has no perplexity


def recipe(family: str, artifacts: Mapping[str, Any], measured: Sequence[str]) -> dict[str, Any]:
    """Artifacts over the base `family`; `measured` are those that a text can be scored with."""
    splits = {"calibration": "calibration", "eval": "test"}
    bases = {"language": {"path": f"bases/{family}"}}
    if family in WORDS:
        bases["file"] = {"path": f"bases/{family}-file"}
    columns = {"question": "question", "choices": "choices", "answer": "answer"}
    return {
        "schema": 1,
        "summary": "What builders of language models take.",
        "license": "apache-2.0",
        "bases": bases,
        "data": {
            "texts": {"path": "data/texts", "columns": {"text": "text"}, "splits": splits},
            "letters": {"path": "data/letters", "columns": columns, "splits": {"eval": "test"}},
        },
        "task": {"kind": "text-generation", "data": "texts", "max_length": 128},
        "evals": {
            "texts": {"kind": "perplexity", "data": "texts", "artifacts": ["whole", *measured]},
            "letters": {"kind": "multiple-choice-letter", "data": "letters"},
        },
        "reference": "whole",
        "artifacts": {"whole": {"builder": "checkpoint", "from": "language"}, **artifacts},
    }


def seeing_recipe(family: str, artifacts: Mapping[str, Any]) -> dict[str, Any]:
    """Artifacts over a model that sees, which is asked about drawn pictures of one colour."""
    return {
        "schema": 1,
        "summary": "What builders of models that see take.",
        "license": "apache-2.0",
        "bases": {"seeing": {"path": f"bases/{family}"}},
        "data": {"plain": {"builtin": "pictures", "params": {"rows": 2, "kinds": ["color"]}}},
        "task": {"kind": "vqa", "data": "plain", "max_length": 128},
        "evals": {"plain": {"kind": "vqa", "data": "plain"}},
        "reference": "vision-checkpoint",
        "artifacts": dict(artifacts),
    }


def write(
    project: Path,
    artifacts: Mapping[str, Any],
    measured: Sequence[str],
    families: Sequence[str] = FAMILIES[LANGUAGE_MODEL],
) -> int:
    """The families below `project`; returns how many bytes of weights more the last model has than the first."""
    _write_texts(project)
    weights = []
    for family in families:
        weights.append(_weight(tiny_llama(project / "bases" / family, **SIZES[family])))
        write_recipe(project, recipe(family, artifacts, measured), family)
    return weights[-1] - weights[0]


def write_wide(project: Path, artifacts: Mapping[str, Any], families: Sequence[str] = FAMILIES[WIDE]) -> int:
    """Models in which each token is followed by itself, as checkpoints and as GGUFs.

    With many words, as WIDE has, their largest tensor is the embedding, as it is in small language models.

    Returns how many bytes of weights more the last has than the first.
    """
    from tests.support.gguf import converted

    _write_texts(project)
    weights = []
    for family in families:
        folder = tiny_llama(project / "bases" / family, **SIZES[family])
        widen(folder, WORDS[family])
        converted(folder, project / "bases" / f"{family}-file" / "model.gguf")
        weights.append(_weight(folder))
        write_recipe(project, recipe(family, artifacts, list(artifacts)), family)
    return weights[-1] - weights[0]


def widen(folder: Path, words: int) -> None:
    """Give the checkpoint in `folder` as many tokens, embeddings so large that each token is followed by itself.

    Not for certain: its logit is SURE above the others', for KL of certainties is all rounding.
    """
    import torch
    import transformers

    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    torch.manual_seed(0)
    table = torch.randn(words, model.config.hidden_size) * LOUD
    model.resize_token_embeddings(words, mean_resizing=False)
    model.get_input_embeddings().weight.data.copy_(table)
    model.model.norm.weight.data.fill_(SURE / (LOUD * model.config.hidden_size))
    model.save_pretrained(folder)
    fill(folder / "tokenizer.json", words)


def write_seeing(project: Path, artifacts: Mapping[str, Any], families: Sequence[str] = FAMILIES[SEEING_MODEL]) -> int:
    """Models that see; returns how many bytes of weights more the last has than the first."""
    from tests.support.llava import tiny_llava

    weights = []
    for family in families:
        weights.append(_weight(tiny_llava(project / "bases" / family, **SIZES[family])))
        write_recipe(project, seeing_recipe(family, artifacts), family)
    return weights[-1] - weights[0]


def _write_texts(project: Path) -> None:
    for split in ("calibration", "test"):
        write_rows(project / "data" / "texts" / f"{split}.jsonl", [{"text": text} for text in SENTENCES])
    letters = project / "data" / "letters" / "test.jsonl"
    letters.parent.mkdir(exist_ok=True)
    row = {"question": SENTENCES[0], "choices": list(SENTENCES[1:5]), "answer": "0"}
    letters.write_text(json.dumps(row) + "\n", encoding="utf-8")


def _weight(folder: Path) -> int:
    return (folder / "model.safetensors").stat().st_size
