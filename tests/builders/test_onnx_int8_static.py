"""Static INT8: calibration, what is left in FP32, and that `eval` is never looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.job import TELLING, Case, Family, Made, probe_logits, task_rows
from tests.support.pruning import assert_opens
from zoosmith.contract.errors import BuildError

CASE = Case(parents={"from": "onnx"}, params={"rows": 16, "loss_budget": 0.05})
PRODUCTS = 2 * 6 + 2


def graph(made: Made) -> Any:
    from onnx import load

    return load(made.out / "model.onnx").graph


def quantised_products(made: Made) -> list[str]:
    """Products whose weight comes out of a DequantizeLinear."""
    nodes = graph(made).node
    from_int8 = {name for node in nodes if node.op_type == "DequantizeLinear" for name in node.output}
    return [node.name for node in nodes if node.op_type in ("MatMul", "Gemm") and node.input[1] in from_int8]


@pytest.mark.parametrize("method", ["minmax", "percentile", "entropy"])
def test_every_product_is_int8_whatever_the_calibration(family: Family, tmp_path: Path, method: str) -> None:
    made = family.again("onnx_int8_static", tmp_path, params=CASE.params | {"method": method})
    assert len(quantised_products(made)) == PRODUCTS == made.facts["int8_nodes"]
    assert made.facts["fp32_nodes"] == []
    mine, theirs = probe_logits(made, TELLING), probe_logits(family.made("onnx"), TELLING)
    assert (mine.argmax(axis=1) == theirs.argmax(axis=1)).all()
    assert 0 < np.abs(mine - theirs).max() < 0.5
    assert made.notes["dev_loss"]["quantised"] - made.notes["dev_loss"]["parent"] <= 0.05
    assert_opens(made)


def test_activations_have_fixed_ranges(family: Family) -> None:
    nodes = graph(family.made("onnx_int8_static")).node
    kinds = {node.op_type for node in nodes}
    assert {"QuantizeLinear", "DequantizeLinear"} <= kinds
    assert not {"DynamicQuantizeLinear", "MatMulInteger"} & kinds


@pytest.mark.parametrize("embeddings", [True, False])
def test_embeddings_become_int8_where_told(family: Family, tmp_path: Path, embeddings: bool) -> None:
    from onnx import TensorProto

    made = family.again("onnx_int8_static", tmp_path, params=CASE.params | {"embeddings": embeddings})
    words = [one for one in graph(made).initializer if list(one.dims) == [27, 32]]
    assert [one.data_type == TensorProto.FLOAT for one in words] == [not embeddings]


def test_for_avx2_weights_have_seven_bits(family: Family, tmp_path: Path) -> None:
    made = family.again("onnx_int8_static", tmp_path, params=CASE.params | {"target": "avx2", "embeddings": False})
    assert made.manifest.target == "avx2"
    assert largest(made) == 64
    assert largest(family.made("onnx_int8_static")) == 127


def largest(made: Made) -> int:
    from onnx import TensorProto, numpy_helper

    stored = [one for one in graph(made).initializer if one.data_type == TensorProto.INT8 and len(one.dims) == 2]
    return max(int(np.abs(numpy_helper.to_array(one).astype(int)).max()) for one in stored)


def test_what_is_told_to_stay_out_stays_in_fp32(family: Family, tmp_path: Path) -> None:
    first = quantised_products(family.made("onnx_int8_static"))[0]
    made = family.again("onnx_int8_static", tmp_path, params=CASE.params | {"exclude": [first]})
    assert made.facts["fp32_nodes"] == [first]
    assert first not in quantised_products(made)
    assert len(quantised_products(made)) == PRODUCTS - 1


CLIPPED = CASE.params | {"method": "percentile", "percentile": 51.0}  # ranges so narrow that answers suffer


def test_the_most_sensitive_products_stay_in_fp32_until_the_budget_holds(family: Family, tmp_path: Path) -> None:
    made = family.again("onnx_int8_static", tmp_path, params=CLIPPED | {"loss_budget": 0.005, "max_excluded": 0.95})
    left, sensitivity = made.facts["fp32_nodes"], made.notes["sensitivity"]
    assert 0 < len(left) < PRODUCTS
    assert len(quantised_products(made)) == PRODUCTS - len(left) == made.facts["int8_nodes"]
    assert len(sensitivity) == PRODUCTS
    assert min(sensitivity[name] for name in left) >= max(
        loss for name, loss in sensitivity.items() if name not in left
    )
    assert made.notes["dev_loss"]["quantised"] <= made.notes["dev_loss"]["parent"] + 0.005
    assert_opens(made)


def test_a_budget_that_cannot_be_met_is_told(family: Family, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"with 1 of 14 matrix products left in FP32 the loss on `dev` is"):
        family.again("onnx_int8_static", tmp_path, params=CLIPPED | {"loss_budget": 0.0, "max_excluded": 0.1})


def test_the_splits_that_are_read_are_train_and_dev(family: Family, tmp_path: Path) -> None:
    asked: list[str] = []

    def rows(split: str) -> Any:
        asked.append(split)
        if split == "eval":
            raise AssertionError("eval is for measuring only")
        return task_rows("text-classification", split)

    family.again("onnx_int8_static", tmp_path, params=CLIPPED | {"loss_budget": 0.005, "max_excluded": 0.95}, data=rows)
    assert set(asked) == {"train", "dev"}


@pytest.mark.parametrize("empty", ["train", "dev"])
def test_an_empty_split_is_told(family: Family, tmp_path: Path, empty: str) -> None:
    with pytest.raises(BuildError, match=f"on rows of `{empty}`, which is empty"):
        family.again(
            "onnx_int8_static", tmp_path, data=lambda s: [] if s == empty else task_rows("text-classification", s)
        )
