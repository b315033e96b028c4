"""Headers of safetensors and GGUF, read without their libraries."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from tests.support import causal
from tests.support.gguf_file import write_gguf
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.torch import stored


def write(file: Path, header: Any, body: int = 0) -> Path:
    """A safetensors file with this header and so many bytes behind it."""
    raw = json.dumps(header).encode()
    file.write_bytes(struct.pack("<Q", len(raw)) + raw + bytes(body))
    return file


def entry(start: int, end: int, *shape: int, kind: str = "F32") -> dict[str, Any]:
    return {"dtype": kind, "shape": list(shape), "data_offsets": [start, end]}


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return causal.tiny_llama(tmp_path_factory.mktemp("llama"), hidden=64, dtype="bfloat16")


def test_it_reads_what_the_library_reads(llama: Path) -> None:
    import torch
    from safetensors import safe_open

    file = llama / "model.safetensors"
    found, raw = {tensor.name: tensor for tensor in stored.tensors(file)}, file.read_bytes()
    with safe_open(file, "pt") as theirs:
        assert found.keys() == set(theirs.keys())
        for name, tensor in found.items():
            values = theirs.get_tensor(name)
            assert (tensor.type, tensor.shape) == ("BF16", tuple(values.shape))
            assert raw[tensor.start : tensor.end] == values.contiguous().view(torch.uint8).numpy().tobytes()


def test_weights_are_counted_by_type_and_tables_apart(llama: Path) -> None:
    found = stored.census({path.name: path for path in llama.iterdir()})
    matrices = 2 * (64 * 64 + 2 * 32 * 64 + 64 * 64 + 3 * 64 * 128)
    assert found.weights == {"BF16": 384 * 64 + matrices + 5 * 64}
    assert found.tables == 384 * 64
    assert found.size == 2 * found.weights["BF16"]


def test_a_gguf_is_counted_like_the_checkpoint_that_it_was_made_of(llama: Path, tmp_path: Path) -> None:
    whole = causal.tiny_llama(tmp_path / "whole", hidden=64)
    file = write_gguf(whole, tmp_path / "a.gguf")
    found, theirs = stored.census({"a.gguf": file}), stored.census({"m.safetensors": whole / "model.safetensors"})
    assert (found.weights, found.tables, found.size) == (theirs.weights, theirs.tables, theirs.size)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "ends within its header, after 0 bytes"),
        (b"1234567", "ends within its header, after 7 bytes"),
        (struct.pack("<Q", 900) + b"{", "ends within its header, after 9 bytes"),
        (struct.pack("<Q", 1 << 40) + b"{}", "is no safetensors file: it states a header of 1,099,511,627,776 bytes"),
        (struct.pack("<Q", 2) + b"[]", "is no safetensors file: its header cannot be read"),
        (struct.pack("<Q", 2) + b"{,", "is no safetensors file: its header cannot be read"),
    ],
)
def test_what_is_no_header_is_told(tmp_path: Path, raw: bytes, told: str) -> None:
    (tmp_path / "m.safetensors").write_bytes(raw)
    with pytest.raises(BuildError, match=rf"^m\.safetensors {told}"):
        stored.tensors(tmp_path / "m.safetensors")


def test_a_file_that_is_cut_off_names_the_first_tensor_that_is_not_whole(tmp_path: Path) -> None:
    header = {"a": entry(0, 16, 4), "b": entry(16, 32, 4), "c": entry(32, 48, 4)}
    file = write(tmp_path / "m.safetensors", header, body=20)
    size = file.stat().st_size
    told = rf"its tensors take {size + 28} bytes, it has {size} \(the first that is not whole is b\); fetch it again"
    with pytest.raises(BuildError, match=told):
        stored.tensors(file)
    with pytest.raises(BuildError, match=r"^toy/base: m\.safetensors is cut off"):
        stored.check_whole(tmp_path, "toy/base")


def test_an_index_that_names_what_its_shard_lacks_is_told(tmp_path: Path) -> None:
    write(tmp_path / "model-1.safetensors", {"a": entry(0, 16, 4)}, body=16)
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-1.safetensors"}}
    (tmp_path / stored.INDEX).write_text(json.dumps(index))
    with pytest.raises(BuildError, match=r"says that model-1\.safetensors has b \(1 such\), and it has not"):
        stored.check_whole(tmp_path, "toy/base")
    index["weight_map"].pop("b")
    (tmp_path / stored.INDEX).write_text(json.dumps(index))
    stored.check_whole(tmp_path, "toy/base")


def test_a_gguf_of_an_unknown_version_is_told_with_its_name(llama: Path, tmp_path: Path) -> None:
    raw = bytearray(write_gguf(causal.tiny_llama(tmp_path / "l", hidden=64), tmp_path / "a.gguf").read_bytes())
    for version in (1, 4):
        raw[4:8] = struct.pack("<I", version)
        (tmp_path / "a.gguf").write_bytes(raw)
        with pytest.raises(
            BuildError, match=rf"^toy/base: a\.gguf: GGUF version {version} is not known here; versions 2"
        ):
            stored.check_whole(tmp_path, "toy/base")
