"""The quantiser: every type of llama.cpp, types per tensor, fewer layers, and failures that leave nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support import causal, gguf
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import census, header, quantize
from zoosmith.toolkit.gguf.types import FILE_TYPES, NEED_IMATRIX, TENSOR_TYPES, known

DENSE = [name for name in FILE_TYPES if name not in NEED_IMATRIX and name != "mxfp4_moe"]


def types(file: Path) -> set[str]:
    return {tensor.type for tensor in census.matrices(header.read(file).tensors)}


def test_names_and_numbers_are_those_of_the_library() -> None:
    import llama_cpp

    theirs = {
        re.sub("LLAMA_FTYPE_(MOSTLY|ALL)_", "", name).lower(): getattr(llama_cpp, name)
        for name in dir(llama_cpp)
        if name.startswith("LLAMA_FTYPE_")
    }
    unavailable = {"llama_ftype_guessed", "nvfp4"}  # unspecified, and one that the quantiser does not offer
    assert {name: kind.number for name, kind in FILE_TYPES.items()} == {
        name: number for name, number in theirs.items() if name not in unavailable
    }


@pytest.mark.parametrize("kind", DENSE)
def test_every_type_is_written_and_most_matrices_have_it(llama_f16: Path, tmp_path: Path, kind: str) -> None:
    quantize.quantize(llama_f16, tmp_path / "q.gguf", kind)
    tensors = header.read(tmp_path / "q.gguf").tensors
    assert FILE_TYPES[kind].base in types(tmp_path / "q.gguf")
    assert census.refuse_fallback(tensors, kind) is None
    assert header.read(tmp_path / "q.gguf").metadata["general.file_type"] == FILE_TYPES[kind].number
    assert [path.name for path in tmp_path.iterdir()] == ["q.gguf"]


@pytest.mark.parametrize("kind", NEED_IMATRIX)
def test_types_that_need_an_importance_matrix_say_so_first(llama_f16: Path, tmp_path: Path, kind: str) -> None:
    with pytest.raises(BuildError, match=f"no {kind} without an importance matrix; set `imatrix: true`"):
        quantize.quantize(llama_f16, tmp_path / "q.gguf", kind)
    assert not list(tmp_path.iterdir())


def test_bytes_are_the_same_with_more_threads(llama_f16: Path, tmp_path: Path) -> None:
    for threads in (1, 3):
        quantize.quantize(llama_f16, tmp_path / f"{threads}.gguf", "q4_k_m", threads=threads)
    assert (tmp_path / "1.gguf").read_bytes() == (tmp_path / "3.gguf").read_bytes()


def test_tensors_get_the_types_that_patterns_ask_for(llama_f16: Path, tmp_path: Path) -> None:
    patterns = {"ffn_down": "q8_0", r"blk\.1\.": "q6_k"}
    quantize.quantize(llama_f16, tmp_path / "q.gguf", "q4_0", tensor_types=patterns)
    stored = {tensor.name: tensor.type for tensor in header.read(tmp_path / "q.gguf").tensors}
    assert {stored["blk.0.ffn_down.weight"], stored["blk.1.ffn_down.weight"]} == {"Q8_0"}
    assert {stored["blk.0.ffn_up.weight"], stored["blk.1.ffn_up.weight"]} == {"Q4_0", "Q6_K"}


def test_layers_are_left_out(llama_f16: Path, tmp_path: Path) -> None:
    quantize.quantize(llama_f16, tmp_path / "q.gguf", "q8_0", prune_layers=[0])
    pruned, whole = header.read(tmp_path / "q.gguf"), header.read(llama_f16)
    assert pruned.hyperparameter("block_count") == 1
    assert len(census.matrices(pruned.tensors)) == len(census.matrices(whole.tensors)) // 2


@pytest.mark.parametrize("layers", [[0, 1], [2], [-1]])
def test_layers_that_are_not_there_or_all_of_them_are_refused(
    llama_f16: Path, tmp_path: Path, layers: list[int]
) -> None:
    with pytest.raises(BuildError, match="the model has 2 layers, 0 to 1, and one must stay"):
        quantize.quantize(llama_f16, tmp_path / "q.gguf", "q8_0", prune_layers=layers)


def test_progress_names_each_tensor(llama_f16: Path, tmp_path: Path) -> None:
    told: list[tuple[Any, ...]] = []
    quantize.quantize(llama_f16, tmp_path / "q.gguf", "q8_0", progress=lambda *one: told.append(one))
    assert len(told) == len(header.read(llama_f16).tensors)
    assert told[-1][0] == told[-1][1] and "quantising blk.1" in told[-1][2]


def test_a_pattern_that_is_none_leaves_nothing_behind(llama_f16: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"cannot quantise model.gguf: .*regular expression"):
        quantize.quantize(llama_f16, tmp_path / "q.gguf", "q8_0", tensor_types={"([": "q4_0"})
    assert not list(tmp_path.iterdir())


def test_what_is_quantised_already_is_refused_after_a_part_was_written(llama_f16: Path, tmp_path: Path) -> None:
    quantize.quantize(llama_f16, tmp_path / "q.gguf", "q4_0")
    with pytest.raises(BuildError, match=r"requantizing .* is disabled; it is quantised already: start from an F32"):
        quantize.quantize(tmp_path / "q.gguf", tmp_path / "again.gguf", "q8_0")
    assert [path.name for path in tmp_path.iterdir()] == ["q.gguf"]


def test_a_truncated_source_is_refused(llama_f16: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.gguf").write_bytes(llama_f16.read_bytes()[:-1000])
    with pytest.raises(BuildError, match=r"cut\.gguf is truncated"):
        quantize.quantize(tmp_path / "cut.gguf", tmp_path / "q.gguf", "q8_0")


def test_an_unknown_type_gives_the_nearest() -> None:
    with pytest.raises(ValueError, match="no type 'Q4-K-M'; did you mean 'q4_k_m'"):
        known("Q4-K-M")
    with pytest.raises(ValueError, match="did you mean 'q8_0'"):
        known("q8", tuple(name.lower() for name in TENSOR_TYPES))


def test_another_release_of_the_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import llama_cpp

    from zoosmith.contract.errors import ZooError
    from zoosmith.toolkit.gguf import library

    monkeypatch.setattr(llama_cpp, "__version__", "0.3.99")
    library.load.cache_clear()
    with pytest.raises(ZooError, match=r"is 0\.3\.99, the layout of its structs is known for 0\.3\.36: pip install"):
        library.load()
    monkeypatch.undo()
    library.load.cache_clear()
    assert library.load() is llama_cpp


def test_rows_of_another_length_fall_back(tmp_path: Path) -> None:
    narrow = gguf.converted(causal.tiny_llama(tmp_path / "c", hidden=64), tmp_path / "f16.gguf")
    quantize.quantize(narrow, tmp_path / "q.gguf", "q4_k_m")
    tensors = header.read(tmp_path / "q.gguf").tensors
    assert census.fallback(tensors, "q4_k_m").share == 1.0
    with pytest.raises(
        BuildError, match=r"q4_k_m would be its name alone: 100% of the weights became Q5_0.*rows of 64, 128"
    ):
        census.refuse_fallback(tensors, "q4_k_m")
    kept = census.refuse_fallback(tensors, "q4_k_m", allow=True)
    assert kept is not None and kept["share"] == 1.0 and "Q5_0" in kept["got"]
