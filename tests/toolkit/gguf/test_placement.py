"""Types by layer and by name, and what is refused before a file is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import causal, gguf
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import header, placement, quantize
from zoosmith.toolkit.gguf.types import FILE_TYPES


@pytest.mark.parametrize(("text", "layers"), [("5", (5, 5)), ("0-2", (0, 2)), ("24-", (24, None)), ("0-0", (0, 0))])
def test_bands_of_layers(text: str, layers: tuple[int, int | None]) -> None:
    assert placement.band(text) == layers


@pytest.mark.parametrize("text", ["", "-", "2-1", "a", "-3", "1,2", "1-2-3"])
def test_what_names_no_layers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="names no layers; write"):
        placement.band(text)


def test_each_layer_gets_its_type() -> None:
    assert placement.by_layer({"0-1": "q8_0", "3-": "q6_k"}, 5) == {0: "q8_0", 1: "q8_0", 3: "q6_k", 4: "q6_k"}
    with pytest.raises(BuildError, match='layers "4-6": the model has 5 layers, 0 to 4'):
        placement.by_layer({"4-6": "q8_0"}, 5)
    with pytest.raises(BuildError, match='layers "5-": the model has 5 layers'):
        placement.by_layer({"5-": "q8_0"}, 5)
    with pytest.raises(BuildError, match='layers "1-": another entry names layer 1 too'):
        placement.by_layer({"0-1": "q8_0", "1-": "q6_k"}, 5)


def test_a_pattern_that_fits_nothing_gives_the_nearest_names() -> None:
    names = ["token_embd.weight", "blk.0.attn_q.weight", "blk.0.ffn_down.weight"]
    assert placement.matching("ffn_", names, "keep") == ["blk.0.ffn_down.weight"]
    with pytest.raises(
        BuildError, match=r"keep: 'blk\.0\.attn_w' fits no matrix of the model; near it are blk\.0\.attn_q"
    ):
        placement.matching("blk.0.attn_w", names, "keep")
    with pytest.raises(BuildError, match=r"tensor_types: '\(\[' is no regular expression"):
        placement.matching("([", names, "tensor_types")


def test_rows_that_a_type_does_not_fit_are_refused_with_types_that_do(tmp_path: Path) -> None:
    narrow = gguf.converted(causal.tiny_llama(tmp_path / "c", hidden=64), tmp_path / "f16.gguf")
    found = placement.matrices(header.read(narrow).tensors)
    with pytest.raises(
        BuildError, match=r"blk\.0\.attn_q\.weight has rows of 64, .* q6_k's block of 256; .* near it in bits are q5_1"
    ):
        placement.check(found, {"blk.0.attn_q.weight": "q6_k"}, imatrix=False)
    with pytest.raises(BuildError, match=r"makes no iq2_xs without an importance matrix"):
        placement.check([found[0]._replace(shape=(256, 4))], {found[0].name: "iq2_xs"}, imatrix=False)
    placement.check(found, {one.name: "q4_0" for one in found}, imatrix=False)


def test_a_file_is_named_after_its_commonest_type() -> None:
    assert placement.file_type(["q4_0", "q8_0", "q4_0"]) == "q4_0"
    assert placement.file_type(["f16", "f16", "q6_k"]) == "q6_k"
    assert placement.file_type(["f16", "f32"]) == "q8_0"
    assert {FILE_TYPES[placement.file_type([kind])].base.lower() for kind in ("q4_k", "q5_k", "iq4_nl")} == {
        "q4_k", "q5_k", "iq4_nl",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["q4_0", "q8_0", "q6_k", "iq4_nl"])
def test_sizes_are_those_of_the_file(llama_f16: Path, tmp_path: Path, kind: str) -> None:
    found = placement.matrices(header.read(llama_f16).tensors)
    types = {one.name: kind for one in found}
    quantize.quantize(llama_f16, tmp_path / "q.gguf", placement.file_type(types.values()),
                      tensor_types=placement.patterns(types))  # fmt: skip
    written = placement.matrices(header.read(tmp_path / "q.gguf").tensors)
    placement.confirm(written, types)
    assert {one.name: one.size for one in written} == {one.name: placement.size(one, kind) for one in found}


def test_another_type_than_asked_for_is_told() -> None:
    wrong = header.Tensor("blk.0.attn_q.weight", "Q5_0", (64, 64), 0, 2816)
    with pytest.raises(
        BuildError, match=r"gave 1 tensors another type, such as blk\.0\.attn_q\.weight: Q5_0, not q4_k"
    ):
        placement.confirm([wrong], {"blk.0.attn_q.weight": "q4_k"})
