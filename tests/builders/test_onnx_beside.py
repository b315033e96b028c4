"""Graphs of more than one ONNX file can hold, at a limit lowered to a toy's: weights beside them, all else the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tests.support.job import Family, Made, opened_logits
from zoosmith.common import gate
from zoosmith.toolkit.onnx import onnx_file
from zoosmith.toolkit.pruning import sparsity

BESIDE = "model.onnx_data"
QUANTISERS = ("onnx_fp16", "onnx_int8", "onnx_int8_static")


def graph(out: Path) -> Any:
    """The artifact's graph with its weights, which does not tell where they were."""
    model = onnx.load(out / "model.onnx")
    for tensor in model.graph.initializer:
        tensor.ClearField("data_location")
    return model


@pytest.fixture(scope="module")
def beside(family: Family, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The export of the family, at a limit one byte below what it takes."""
    size = (family.made("onnx").out / "model.onnx").stat().st_size
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(onnx_file, "LARGEST", size - 1)
        return family.again("onnx", tmp_path_factory.mktemp("beside"))


def test_an_export_is_the_same_graph_in_two_files(family: Family, beside: Made) -> None:
    whole = family.made("onnx")
    assert graph(beside.out) == graph(whole.out)
    assert {file.name for file in beside.out.iterdir()} == {BESIDE} | {file.name for file in whole.out.iterdir()}
    assert beside.facts == whole.facts
    np.testing.assert_array_equal(opened_logits(beside), opened_logits(whole))
    gate.require(beside.out, "beside")


@pytest.mark.parametrize("name", QUANTISERS)
def test_what_is_made_of_two_files_is_byte_for_byte_what_is_made_of_one(
    family: Family, beside: Made, tmp_path: Path, name: str
) -> None:
    made = family.again(name, tmp_path, parents={"from": beside.parent})
    assert sorted(file.name for file in made.out.glob("*onnx*")) == ["model.onnx"]
    assert (made.out / "model.onnx").read_bytes() == (family.made(name).out / "model.onnx").read_bytes()


@pytest.mark.parametrize("name", QUANTISERS)
def test_a_quantiser_keeps_beside_it_what_a_file_cannot_hold(
    family: Family, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    whole = family.made(name)
    monkeypatch.setattr(onnx_file, "LARGEST", (whole.out / "model.onnx").stat().st_size - 1)
    made = family.again(name, tmp_path)
    assert (made.out / BESIDE).stat().st_size > 1000
    np.testing.assert_array_equal(opened_logits(made), opened_logits(whole))


def test_sparse_weights_beside_a_graph_are_weighed_with_it(family: Family, tmp_path: Path) -> None:
    given = onnx.load(family.made("onnx").out / "model.onnx")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(onnx_file, "LARGEST", given.ByteSize() - 1)
        written = onnx_file.join(given, tmp_path, tmp_path / "model.onnx")
    told: dict[str, int] = {}
    job = type("", (), {"fact": staticmethod(told.__setitem__)})
    sparsity.pass_on(job, {"nonzero_parameters": 1, "remarks": []}, written)  # type: ignore[arg-type]
    assert told["stored_bytes"] == sum(file.stat().st_size for file in tmp_path.iterdir()) > 4000
