"""Families of language models that start from a hub, by name, over a loopback hub with tiny models of their kind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.support import architectures, causal
from tests.support.hub import serving
from tests.support.hub_zoo import HubZoo
from tests.support.zoo import ROOT, doit, write_project
from zoosmith.build.zoo import load_zoo

KINDS = {
    "qwen2-0.5b-instruct": "qwen2",
    "tinyllama-1.1b-chat": "smollm2",
    "phi-2": "phi",
    "mistral-7b-instruct": "mistral",
    "llama-3.2-1b-names": "llama",
}
BUILT = {
    "qwen2-0.5b-instruct": ("bf16", "bnb-int8", "q4_0-imatrix"),
    "tinyllama-1.1b-chat": ("bf16", "bnb-int8", "q4_k_m"),
    "phi-2": ("fp16", "bnb-int8", "q4_k_m"),
    "mistral-7b-instruct": ("bf16", "bnb-int8", "q8_0"),
    "llama-3.2-1b-names": ("base",),
}
"""Ends of each family's chains; what lies between is built on the way."""
ANSWERS = (
    "Decide if the two names belong to the same person. Return one word: yes, no, or partial. Name 1: Name 2: Answer:",
    "Answer: yes Answer: no Answer: partial",
) * 8


def pins() -> dict[str, str]:
    """Commit by repository, of the bases that the recipes name."""
    families = load_zoo(ROOT).families
    bases = [base for id in KINDS for base in families[id].recipe.bases.values()]
    return {str(base.repo): str(base.revision) for base in bases}


def write_hub(folder: Path) -> Path:
    for id, kind in KINDS.items():
        (base,) = load_zoo(ROOT).families[id].recipe.bases.values()
        model = folder / "models" / str(base.repo)
        sentences = (*causal.SENTENCES, *ANSWERS) if id.endswith("names") else causal.SENTENCES
        architectures.write(model, kind, sentences=sentences, max_position_embeddings=2048)
        (model / "original").mkdir()
        (model / "original" / "consolidated.00.pth").write_bytes(b"a pickle")
    return folder


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubZoo]:
    folder = tmp_path_factory.mktemp("languages")
    project = write_project(folder / "zoo")
    with serving(write_hub(folder / "hub"), pins()) as hub:
        home = {"HF_HUB_DISABLE_XET": "1", "HF_HOME": str(folder / "home"), "HF_ENDPOINT": hub.url}
        yield HubZoo(project, hub, home)


def test_every_family_of_a_hub_is_tried() -> None:
    families = load_zoo(ROOT).families.values()
    asked = {
        family.id for family in families if family.recipe.task and family.recipe.task.data in ("founding", "names")
    }
    of_hubs = {
        family.id for family in families if all(base.repo and not base.pypi for base in family.recipe.bases.values())
    }
    assert asked & of_hubs == KINDS.keys() == BUILT.keys()


def test_a_plan_tells_sizes_and_the_gate_before_anything_is_fetched(zoo: HubZoo) -> None:
    said = doit(zoo.project, "plan", "llama-3.2-1b-names-base", **zoo.settings).stdout
    page = f"{zoo.hub.url}/meta-llama/Llama-3.2-1B"
    assert f"; gated: accept its terms at {page}, then set HF_TOKEN to a token of that account" in said
    size = (zoo.hub.root / "models" / "meta-llama" / "Llama-3.2-1B" / "model.safetensors").stat().st_size
    assert f"fetch    base llama-3.2-1b-names/llama (about {size // 10**6}." in said
    assert not (zoo.project / "artifacts" / ".store").exists()


def names(id: str) -> list[str]:
    """Full names of what is built of a family."""
    return [f"{id}-{artifact}" for artifact in BUILT[id]]


@pytest.fixture(scope="module")
def built(zoo: HubZoo) -> CompletedProcess[str]:
    """All families in one run, which imports torch once for all."""
    tasks = [f"artifact:{name}" for id in KINDS for name in names(id)]
    return doit(zoo.project, "run", "--continue", *tasks, **zoo.settings)


@pytest.mark.parametrize("id", KINDS)
def test_the_family_builds(zoo: HubZoo, built: CompletedProcess[str], id: str) -> None:
    assert built.returncode == 0, built.stdout + built.stderr
    for name in names(id):
        manifest = json.loads((zoo.project / "artifacts" / name / "manifest.json").read_text())
        assert manifest["task"]["kind"] in ("text-generation", "label-token")
        assert manifest["facts"]["parameters"] > 10**6
