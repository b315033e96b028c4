"""Headers of GGUF files: what the package gguf reads too, and files that are damaged."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import header
from zoosmith.toolkit.gguf.types import TENSOR_TYPES


def test_it_reads_what_the_package_gguf_reads(llama_f16: Path) -> None:
    import gguf

    mine, theirs = header.read(llama_f16), gguf.GGUFReader(llama_f16)
    assert mine.tensors == [
        header.Tensor(one.name, one.tensor_type.name, tuple(map(int, one.shape)), one.data_offset, int(one.n_bytes))
        for one in theirs.tensors
    ]
    stated = {key: field.contents() for key, field in theirs.fields.items() if not key.startswith("GGUF.")}
    assert mine.metadata == stated
    assert mine.hyperparameter("block_count") == 2
    assert mine.hyperparameter("no_such_thing", 7) == 7


def test_sizes_of_blocks_are_those_of_the_package_gguf() -> None:
    import gguf

    known = {kind.name: (kind.value, *gguf.GGML_QUANT_SIZES[kind]) for kind in gguf.GGMLQuantizationType}
    shared = set(TENSOR_TYPES) & set(known)
    assert len(shared) >= 30
    assert {name: tuple(TENSOR_TYPES[name]) for name in shared} == {name: known[name] for name in shared}


def test_a_file_that_is_cut_off_among_its_weights_is_named_truncated(llama_f16: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(llama_f16.read_bytes()[: llama_f16.stat().st_size // 2])
    with pytest.raises(
        BuildError, match=r"cut\.gguf is truncated: its tensors take [\d,]+ bytes, it has [\d,]+ .*fetch"
    ):
        header.read(cut)


@pytest.mark.parametrize("length", [4, 10, 24, 100, 2000, 8000])
def test_a_file_that_is_cut_off_in_its_header_is_named_truncated(llama_f16: Path, tmp_path: Path, length: int) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(llama_f16.read_bytes()[:length])
    with pytest.raises(BuildError, match=r"ends within its header, after .* bytes: it is truncated"):
        header.read(cut)


def test_lengths_that_no_file_has_are_not_believed(tmp_path: Path) -> None:
    file = tmp_path / "huge.gguf"
    file.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 2**62) + b"key")
    with pytest.raises(BuildError, match="truncated"):
        header.read(file)


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_bytes(b"PK\x03\x04 and more bytes than a header has")
    with pytest.raises(BuildError, match="no GGUF file"):
        header.read(tmp_path / "a.gguf")
    (tmp_path / "b.gguf").write_bytes(b"GGUF" + struct.pack("<I", 99) + bytes(100))
    with pytest.raises(BuildError, match="version 99"):
        header.read(tmp_path / "b.gguf")
