"""Half precision: what is stored in 16 bits, what keeps its type, how near the answers stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.job import Case, Family, build
from tests.support.pruning import assert_opens, gap
from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Parent

CASE = Case(parents={"from": "onnx"})


def test_weights_are_half_as_wide_and_the_ends_keep_their_types(family: Family) -> None:
    from onnx import TensorProto, load

    made, parent = family.made("onnx_fp16"), family.made("onnx")
    graph = load(made.out / "model.onnx").graph
    assert {one.data_type for one in graph.initializer if len(one.dims) == 2} == {
        TensorProto.FLOAT16,
        TensorProto.INT64,
    }
    assert {value.type.tensor_type.elem_type for value in graph.input} == {TensorProto.INT64}
    assert {value.type.tensor_type.elem_type for value in graph.output} == {TensorProto.FLOAT}
    mine, theirs = ((one.out / "model.onnx").stat().st_size for one in (made, parent))
    assert mine < 0.75 * theirs
    assert made.manifest.precision == "fp16"


def test_answers_stay_near_the_parents(family: Family) -> None:
    """Other architectures: `converted`, after builders that prune."""
    made = family.made("onnx_fp16")
    assert 0 < gap(made, family.made("onnx")) < 0.05
    assert_opens(made)


def test_rows_that_are_padded_answer_as_alone(family: Family) -> None:
    """The mask's lowest value must not overflow into NaN."""
    made = family.made("onnx_fp16")
    examples = [made.job.task.unlabelled(text) for text in ("a good film", "a " * 20 + "bad film")]  # type: ignore[attr-defined]
    together = made.session.classify(made.job.task.encode(examples))
    assert np.isfinite(together).all()
    np.testing.assert_allclose(together[0], made.session.classify(made.job.task.encode(examples[:1]))[0], atol=0.02)


def test_a_damaged_parent_is_refused(family: Family, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes((family.made("onnx").out / "model.onnx").read_bytes()[:5000])
    with pytest.raises(BuildError, match=r"model\.onnx is no ONNX graph"):
        build("onnx_fp16", {"from": Parent(tmp_path, family.made("onnx").manifest, "0" * 64)}, tmp_path / "made")
    assert not (tmp_path / "made" / "out" / "model.onnx").exists()
