"""A family whose tokenizer reads other scripts in Latin letters: trained, converted, opened, it answers alike."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np

import zoosmith
from tests.support.zoo import RECIPE, TORCH_BRIEFLY, doit, write_recipe, write_toy

CYRILLIC = {"good film": "гоод филм", "bad film": "бад филм"}


def test_a_text_in_cyrillic_is_answered_as_the_same_text_in_latin_letters(tmp_path: Path) -> None:
    project = write_toy(tmp_path)
    recipe = copy.deepcopy(RECIPE)
    recipe["artifacts"]["fp32"]["params"]["romanise"] = True  # type: ignore[index]
    write_recipe(project, recipe)
    wanted = ("build:toy-fp32", "artifact:toy-onnx-int8", "artifact:toy-torch-int8")
    done = doit(project, *wanted, TMPDIR=str(tmp_path), **TORCH_BRIEFLY)
    assert done.returncode == 0, done.stderr
    for name in ("toy-fp32", "toy-onnx-int8", "toy-torch-int8"):
        model = zoosmith.load(project / "artifacts" / name)
        latin, other = (model.predict([*texts]) for texts in (CYRILLIC.keys(), CYRILLIC.values()))
        assert [one.label for one in latin] == [one.label for one in other] == ["positive", "negative"]
        np.testing.assert_allclose([one.score for one in latin], [one.score for one in other], atol=1e-6)
