"""Sizes foretold from headers, beside those of what is then made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import label_task
from zoosmith.build.weighed import NOTHING, Weighed, bits_of, of_artifact, of_files
from zoosmith.contract.job import Parent
from zoosmith.contract.output import Output, output_of

WITHIN = 0.05


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Parent:
    """Matrices of 512 columns: what is stored beside weights is little of such a file."""
    return label_task.base(tmp_path_factory.mktemp("base"), hidden=512, tied=False)


def weighed(folder: Path) -> Weighed:
    return of_files({path.name: path for path in folder.iterdir()})


@pytest.mark.parametrize(
    ("builder", "params"),
    [
        ("torch_half", {"dtype": "bf16"}),
        ("bnb_int8", {}),
        ("bnb_nf4", {"compute_dtype": "fp32"}),
        ("gguf", {"type": "f16"}),
        ("gguf", {"type": "q8_0"}),
    ],
)
def test_the_size_is_foretold(parent: Parent, tmp_path: Path, builder: str, params: dict[str, Any]) -> None:
    made = label_task.build(builder, parent, tmp_path, **params)
    foretold = of_artifact(output_of(made.module, made.job.params), {"from": weighed(parent.path)})
    assert foretold.size == pytest.approx(weighed(made.out).size, rel=WITHIN)


@pytest.mark.parametrize(("kind", "bits"), [("fp32", 32), ("q8_0", 8.5), ("q4_0", 5.1), ("q4_k_m", 5.1), ("q6_k", 7.2)])
def test_bits_are_those_of_the_type_with_its_scales(kind: str, bits: float) -> None:
    assert bits_of(kind) == pytest.approx(bits, abs=0.05)


def test_what_no_header_tells_is_as_large_as_its_parent() -> None:
    assert of_artifact(Output("x", "of-its-own"), {"from": Weighed(1000)}).size == 1000
    assert of_artifact(Output("torch", "fp16"), {"from": Weighed(1000)}).size == 1000
    assert not of_artifact(Output("torch", "fp16"), {"from": NOTHING}).known


def test_an_adapter_is_a_fraction_of_its_base() -> None:
    base = Weighed(4_000_000, weights=1_000_000, tables=100_000)
    assert of_artifact(Output("adapter", "fp32", ("from",), "adapter"), {"from": base}).size < 0.1 * base.size
