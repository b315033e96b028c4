"""Techniques on language models as the engine builds them: load-back and parity hold; what cannot be asked is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import _memory_language as language
from tests.support.here import bring_up, open_here
from tests.support.zoo import write_project, write_recipe
from zoosmith.build.workspace import Workspace
from zoosmith.build.zoo import load_zoo
from zoosmith.execution.executor import StepFailed
from zoosmith.recipes.graph import Ref
from zoosmith.recipes.yaml import RecipeError

TOY = language.FAMILIES[language.LANGUAGE_MODEL][0]
NARROW = {"early": 1, "late": 1, "compute_dtype": "fp32"}
ARTIFACTS: dict[str, dict[str, Any]] = {
    "rounded": {"builder": "act_quant", "from": "whole"},
    "trimmed": {"builder": "trim", "from": "whole", "params": {"positions": "kept"}},
    "mixed": {"builder": "layerwise", "from": "whole", "params": NARROW},
    "chosen": {"builder": "selective", "from": "whole", "params": {"compute_dtype": "fp32"}},
    "both": {"builder": "combined", "from": "whole", "params": {"layerwise": NARROW, "trim": None}},
}
WHOLE = [name for name in ARTIFACTS if name != "trimmed"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_project(tmp_path_factory.mktemp("zoo") / "z")
    language.write(folder, ARTIFACTS, WHOLE, families=(TOY,))
    return folder


@pytest.fixture(scope="module")
def workspace(project: Path) -> Workspace:
    return open_here(project)


@pytest.mark.parametrize("name", ARTIFACTS)
def test_what_is_built_opens_as_it_was_and_keeps_to_what_it_claims(workspace: Workspace, name: str) -> None:
    ref = Ref(TOY, name)
    bring_up(workspace, ref)
    record = workspace.make("artifact", ref)
    manifest = json.loads(workspace.store.read(record.tree, "manifest.json"))
    assert manifest["format"] == {"trimmed": "trimmed", "chosen": "bnb"}.get(name, "techniques")
    parity = record.provenance["notes"].get("parity")
    assert (parity is None) == (name in ("trimmed", "both"))
    if parity:
        assert parity["agreement"] >= 0.5 and parity["mean_kl"] > 0


def test_bits_that_break_a_model_fail_its_parity_and_leave_nothing(project: Path) -> None:
    broken = {"builder": "act_quant", "from": "whole", "params": {"bits": 2, "outlier_z": None, "min_agreement": 0.9}}
    language.write(project, ARTIFACTS | {"broken": broken}, WHOLE, families=(TOY,))
    workspace = open_here(project)
    bring_up(workspace, Ref(TOY, "broken"))
    with pytest.raises(StepFailed, match=r"parity: .* this technique claims 90%"):
        workspace.make("artifact", Ref(TOY, "broken"))
    assert not (project / "artifacts" / f"{TOY}-broken").exists()


def test_a_perplexity_of_trimmed_prompts_is_refused_with_its_place(tmp_path: Path) -> None:
    project = write_project(tmp_path / "z")
    write_recipe(project, language.recipe(TOY, ARTIFACTS, [*WHOLE, "trimmed"]), TOY)
    with pytest.raises(
        RecipeError,
        match=r"needs 'next_logprobs', which the format 'trimmed' of 'trimmed' does not offer; `artifacts:`",
    ):
        load_zoo(project)
