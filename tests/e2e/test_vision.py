"""A model that sees, from a base to a card: quantised, measured on drawn pictures, asked by path."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import llava
from tests.support.zoo import ROOT, TORCH_BRIEFLY, doit, write_project, write_recipe
from zoosmith.common.picture import png

RECIPE = {
    "schema": 1,
    "summary": "A tiny LLaVA that has learnt nothing.",
    "license": "apache-2.0",
    "bases": {"model": {"path": "bases/llava"}},
    "data": {
        "plain": {"builtin": "pictures", "params": {"rows": 16, "kinds": ["color"]}},
        "harder": {"builtin": "pictures", "params": {"rows": 12, "kinds": ["colors", "count", "position"]}},
    },
    "task": {"kind": "vqa", "data": "plain", "max_length": 128},
    "evals": {"plain": {"kind": "vqa", "data": "plain"}, "harder": {"kind": "vqa", "data": "harder"}},
    "reference": "fp32",
    "artifacts": {
        "fp32": {"builder": "vision_checkpoint", "from": "model", "params": {"dtype": "fp32"}},
        "nf4": {"builder": "vision_bnb", "from": "fp32", "params": {"min_agreement": 0.0}},
    },
}


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = write_project(tmp_path_factory.mktemp("seeing") / "zoo")
    llava.tiny_llava(project / "bases" / "llava")
    write_recipe(project, RECIPE, "seeing")
    done = doit(project, "build:seeing-nf4", TMPDIR=str(project.parent), **TORCH_BRIEFLY)
    assert done.returncode == 0, done.stdout + done.stderr
    return project


def test_it_is_measured_on_both_sets_and_against_its_reference(zoo: Path) -> None:
    row = json.loads((zoo / "registry.json").read_bytes())["artifacts"]["seeing-nf4"]["versions"]["1"]
    assert (row["format"], row["precision"], row["task"]) == ("vision", "nf4", "vqa")
    [result] = row["results"]
    assert {name: result["quality"][f"{name}.accuracy"]["n"] for name in ("plain", "harder")} == {
        "plain": 16, "harder": 36,
    }  # fmt: skip
    assert 0 <= result["versus"]["plain"]["divergence"]["same_text"]["value"] <= 1


def test_the_card_says_what_it_answers_and_how_to_ask(zoo: Path) -> None:
    card = (zoo / "model_cards" / "seeing-nf4.md").read_text(encoding="utf-8")
    assert "It answers a question about a picture in a few words." in card
    assert 'zoosmith run seeing-nf4 photo.png "What color is the car?"' in card
    assert "pipeline_tag: image-text-to-text" in card
    assert "the reference's text to" in card
    assert "NaN" not in card
    assert "None" not in card


def test_it_is_asked_about_a_file(zoo: Path, tmp_path: Path) -> None:
    (tmp_path / "red.png").write_bytes(png([[0] * 9] * 9, [(255, 0, 0)]))
    command = [sys.executable, "-m", "zoosmith.app.cli.main", "run", str(zoo / "artifacts" / "seeing-nf4")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for asked, code, said in (("red.png", 0, ""), ("no.png", 1, "the picture no.png cannot be read: No such file")):
        done = subprocess.run(
            [*command, asked, "What color?"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr
