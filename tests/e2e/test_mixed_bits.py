"""Types by tensor through doit: in workers, from a recipe, on a built-in calibration text, beside the parent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.causal import tiny_llama
from tests.support.zoo import doit, write_project, write_recipe
from zoosmith.toolkit.gguf import header

BOTH = {"from": "f16", "checkpoint": "fp32"}
RECIPE: dict[str, Any] = {
    "schema": 1,
    "summary": "A tiny writer.",
    "license": "apache-2.0",
    "bases": {"writer": {"path": "base"}},
    "data": {"founding": {"builtin": "founding_texts"}},
    "task": {"kind": "text-generation", "data": "founding", "max_length": 128},
    "evals": {"founding": {"kind": "perplexity", "data": "founding"}},
    "reference": "fp32",
    "artifacts": {
        "fp32": {"builder": "checkpoint", "from": "writer"},
        "f16": {"builder": "gguf", "from": "fp32"},
        "layers": {"builder": "gguf_mixed", "from": "f16", "params": {"type": "q6_k", "layers": {"0": "q8_0"}}},
        "mixed": {
            "builder": "mixed_bits", "from": BOTH,
            "params": {"bits_per_weight": 7.5, "types": ["q8_0", "q6_k", "q5_0"], "rows": 3, "tokens": 24},
        },
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_project(tmp_path_factory.mktemp("writer"))
    tiny_llama(folder / "base")
    write_recipe(folder, RECIPE, "writer")
    return folder


def types(folder: Path) -> dict[str, str]:
    return {one.name: one.type.lower() for one in header.read(folder / "model.gguf").tensors}


def test_both_builders_make_what_their_manifests_tell(project: Path) -> None:
    done = doit(project, "artifact:writer-layers", "artifact:writer-mixed")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for name in ("layers", "mixed"):
        folder = project / "artifacts" / f"writer-{name}"
        facts = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["facts"]
        assert {tensor: types(folder)[tensor] for tensor in facts["types_by_tensor"]} == facts["types_by_tensor"]
    told = facts["mixed_bits"]
    assert (folder / "model.gguf").stat().st_size == told["file_bytes"] <= told["allowed_bytes"]
    assert facts["bits_per_weight"] <= 7.5 and told["calibration_tokens"] == 72
    assert len(facts["sensitivity"]) == 15


def test_a_budget_that_nothing_has_is_told_with_its_range(project: Path) -> None:
    recipe = json.loads(json.dumps(RECIPE))
    recipe["artifacts"]["mixed"]["params"]["bits_per_weight"] = 2
    write_recipe(project, recipe, "small")
    done = doit(project, "artifact:small-mixed")
    assert done.returncode != 0
    assert "bits_per_weight is 2: less than the smallest mix of the types; possible is 5." in done.stdout + done.stderr
    assert not (project / "artifacts" / "small-mixed").exists()
