"""What is committed is what rendering gives, and agrees with itself."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmarks import studies
from tests.support.drawings import texts
from zoosmith import plugins
from zoosmith.app.doit.outputs import render
from zoosmith.build.recorded import build_in
from zoosmith.build.workspace import Workspace
from zoosmith.records import registry

ROOT = Path(__file__).parents[1]
DRAWN = "minilm-imdb"
RECORDED = sorted(ROOT.glob("results/*/*/build.json"))


def test_cards_registry_and_readme_are_what_rendering_gives(tmp_path: Path) -> None:
    for name in ("results", "model_cards", "recipes"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("registry.json", "README.md", "dodo.py"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    render(Workspace(tmp_path))
    assert different(plots(tmp_path), plots(ROOT)) == [], "plots are stale: run `doit registry`"
    for path in [*(ROOT / "model_cards").rglob("*.md"), ROOT / "registry.json", ROOT / "README.md"]:
        rendered = (tmp_path / path.relative_to(ROOT)).read_text(encoding="utf-8")
        assert rendered == path.read_text(encoding="utf-8"), f"{path.name} is stale: run `doit registry`"


def test_the_page_of_the_studies_is_what_its_script_renders() -> None:
    committed = (ROOT / studies.PAGE).read_text(encoding="utf-8")
    assert studies.rendered(ROOT)[0] == committed, f"{studies.PAGE} is stale: run `python -m benchmarks.studies`"


def plots(project: Path) -> dict[str, str]:
    """Every plot below model_cards/ by path."""
    folder = project / "model_cards" / "plots"
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.svg")}


def different(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Names whose values differ; short, where values are long."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def test_the_plots_say_what_drawing_them_anew_says(tmp_path: Path) -> None:
    """Of one family: those of others are drawn by the same code, and rendering knows by digests which are stale."""
    shutil.copytree(ROOT / "recipes", tmp_path / "recipes")
    shutil.copytree(ROOT / "results" / DRAWN, tmp_path / "results" / DRAWN)
    Workspace(tmp_path).records.render_all()
    drawn, committed = ({name: texts(svg) for name, svg in plots(project).items()} for project in (tmp_path, ROOT))
    assert len(drawn) == 2 * 5 + 1, "a frontier and a confusion matrix for each of its artifacts, a frontier of all"
    assert different(drawn, {name: text for name, text in committed.items() if DRAWN in name}) == []


def size_of(name: str, otherwise: int) -> int:
    """Bytes of a recorded parent; of a base, whose size no record tells, `otherwise`."""
    recipe, _, artifact = name.partition("/")
    build = build_in(ROOT / "results" / recipe / artifact)
    return build.size_own if build else otherwise


@pytest.mark.parametrize("file", RECORDED, ids=lambda path: "-".join(path.parts[-3:-1]))
def test_what_a_recorded_build_took_is_within_what_its_builder_claims(file: Path) -> None:
    """`doit -n` puts steps side by side by their claims."""
    build = build_in(file.parent)
    assert build is not None
    module = plugins.load("builders", build.builder, ROOT)
    parents = {role: size_of(parent["name"], build.size_own) for role, parent in build.parents.items()}
    claimed = module.resources(module.Params(**build.params), parents).at(build.max_length)
    assert build.provenance["peak_memory_mb"] <= claimed.memory_mb


def test_every_recorded_artifact_has_a_card_and_a_row_that_passed_its_gates() -> None:
    assert len(RECORDED) >= 4
    rows = registry.parse((ROOT / "registry.json").read_text(encoding="utf-8"), "registry.json").artifacts
    for file in RECORDED:
        name = f"{file.parts[-3]}-{file.parts[-2]}"
        entry = rows[name]
        row = entry.versions[str(entry.latest)]
        assert row.gates.passed
        assert (ROOT / row.card).is_file()
        assert row.tree_digest == json.loads(file.read_text())["tree_digest"]


@pytest.mark.parametrize("folder", ["results", "model_cards", "docs", "benchmarks"])
def test_no_path_of_a_building_machine_is_committed(folder: str) -> None:
    for path in (ROOT / folder).rglob("*"):
        if path.suffix in (".json", ".md"):
            found = re.findall(r"(?<![\w.])/(?:home|root|work|tmp|Users)/\S+", path.read_text(encoding="utf-8"))
            assert found == [], path
