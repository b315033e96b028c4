"""A zoo that fetches from a loopback hub, and what is recorded in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.hub import serving
from tests.support.sst2 import COMMITS
from tests.support.zoo import TORCH_BRIEFLY, doit, write_project
from zoosmith.build.zoo import load_zoo

STUDIED = ("finetune", "lora-r8", "lora-r4", "torch-int8", "pruned30")


class HubZoo(NamedTuple):
    """A zoo's folder, the hub that it fetches from, and the settings that say so."""

    project: Path
    hub: Any
    settings: dict[str, str]

    def row(self, name: str) -> dict[str, Any]:
        """The registry's row of an artifact."""
        registry = json.loads((self.project / "registry.json").read_text())
        row: dict[str, Any] = registry["artifacts"][name]["versions"]["1"]
        return row

    def family(self, recipe: str) -> list[str]:
        """Full names of a recipe's artifacts."""
        return [f"{recipe}-{name}" for name in load_zoo(self.project).families[recipe].recipe.artifacts]


def hub_zoo(folder: Path, write: Callable[[Path], Path]) -> Iterator[HubZoo]:
    """A new zoo in `folder` over the hub that `write` fills."""
    project = write_project(folder / "zoo")
    with serving(write(folder / "hub"), COMMITS) as hub:
        home = {"HF_HUB_DISABLE_XET": "1", "HF_HOME": str(folder / "home"), "HF_ENDPOINT": hub.url} | TORCH_BRIEFLY
        yield HubZoo(project, hub, home)


def build_record(project: Path, family: str, artifact: str) -> dict[str, Any]:
    """The record of an artifact's build."""
    found: dict[str, Any] = json.loads((project / "results" / family / artifact / "build.json").read_text())
    return found


def facts(project: Path, name: str) -> dict[str, Any]:
    """What an artifact's builder told of it."""
    found: dict[str, Any] = json.loads((project / "artifacts" / name / "manifest.json").read_text())["facts"]
    return found


def assert_keeps_its_zeros(told: dict[str, Any]) -> None:
    """In the facts of an artifact with 30 % of its weights pruned."""
    assert 0.5 * told["parameters"] < told["nonzero_parameters"] < 0.8 * told["parameters"]
    assert told["compressed_bytes"] < told["stored_bytes"]


def build_to_the_end(zoo: HubZoo, family: str, artifact: str) -> None:
    """All artifacts of a family of the studies are built, the named one is measured, gated and carded."""
    names, name = zoo.family(family), f"{family}-{artifact}"
    assert {f"{family}-{other}" for other in STUDIED} <= set(names)
    done = doit(zoo.project, "-n", "2", *(f"artifact:{other}" for other in names), f"build:{name}", **zoo.settings)
    assert done.returncode == 0, done.stdout + done.stderr
    assert zoo.row(name)["gates"]["passed"]
    assert zoo.row(name)["base"]
