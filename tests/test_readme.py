"""What README.md shows is run: its recipe parses, its builder builds, its links and commands exist."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.zoo import RECIPE, doit, rows, write_bert, write_project, write_recipe, write_rows
from zoosmith.recipes.yaml import parse

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The first code block of a language."""
    return README.split(f"```{language}\n", 1)[1].split("```", 1)[0]


def test_the_recipe_is_valid() -> None:
    recipe = parse(block("yaml"), "README.md")
    assert recipe.artifacts["onnx-int8"].gates["size"].max_ratio == 0.30


def test_the_builder_is_one_file_that_builds(tmp_path: Path) -> None:
    project = write_project(tmp_path / "zoo")
    (project / "builders").mkdir()
    (project / "builders" / "half.py").write_text(block("python"), encoding="utf-8")
    write_bert(project / "bases" / "encoder", labels=("negative", "positive"))
    for split in ("train", "dev", "test"):
        write_rows(project / "data" / f"{split}.jsonl", rows(20, len(split)))
    artifacts = {"fp32": {"builder": "checkpoint", "from": "encoder"}, "half": {"builder": "half", "from": "fp32"}}
    write_recipe(project, RECIPE | {"artifacts": artifacts})
    done = doit(project, "artifact:toy-half", "artifact:toy-fp32")
    assert done.returncode == 0, done.stdout + done.stderr
    half, full = (project / "artifacts" / name / "model.safetensors" for name in ("toy-half", "toy-fp32"))
    assert half.stat().st_size < 0.6 * full.stat().st_size


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", README, flags=re.M):
        assert f"\n{target}:" in makefile, target
