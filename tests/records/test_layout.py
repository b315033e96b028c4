"""Where files stand in a model repository."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.records.test_registry import made
from tests.support import records
from zoosmith.contract.errors import ZooError
from zoosmith.records.layout import RESERVED, Pointer, place, placed, pointer
from zoosmith.records.schema import File


def files(*paths: str) -> list[File]:
    return [File(path=path, size=1, sha256=records.sha(path)) for path in paths]


@pytest.mark.parametrize(
    ("format", "precision", "path", "at"),
    [
        ("onnx", "fp32", "model.onnx", "onnx/model.onnx"),
        ("onnx", "int8", "model.onnx", "onnx/model_quantized.onnx"),
        ("onnx", "fp16", "model.onnx", "onnx/model_fp16.onnx"),
        ("onnx", "fp32", "model.onnx_data", "onnx/model.onnx_data"),
        ("onnx", "fp16", "model.onnx_data", "onnx/model.onnx_data"),
        ("onnx", "int8", "tokenizer.json", "tokenizer.json"),
        ("onnx", "int8", "manifest.json", "manifest.json"),
        ("torch", "fp32", "model.safetensors", "model.safetensors"),
        ("torch", "int8", "sub/model.onnx", "sub/model.onnx"),
    ],
)
def test_files_stand_where_the_tools_of_the_field_look(format: str, precision: str, path: str, at: str) -> None:
    assert place(format, precision, path) == at


@pytest.mark.parametrize(
    "paths",
    [
        ("Model.json", "model.json"),
        ("stra\u00dfe", "STRASSE"),
        ("readme.MD",),
        ("zoosmith.json",),
        (".gitattributes",),
        ("model.onnx", "onnx/model.onnx"),
        ("ONNX", "model.onnx"),
        ("a", "a/b"),
        ("nul.txt",),
        ("a:b",),
        ("pytorch_model.bin",),
    ],
)
def test_what_a_pull_would_refuse_is_not_published(paths: tuple[str, ...]) -> None:
    with pytest.raises(ZooError, match=r"would be one on some|stands twice|is refused|is not published"):
        placed("onnx", "fp32", files(*paths))


@given(st.lists(st.text("abAB/.\u00e9\u00df", min_size=1, max_size=6), max_size=8, unique=True))
def test_every_file_has_a_place_of_its_own_or_none_has(paths: list[str]) -> None:
    kept = [path for path in paths if all(part.strip(".") for part in path.split("/"))]
    try:
        found = placed("torch", "fp32", files(*kept))
    except ZooError:
        return
    assert sorted(file.path for file in found) == sorted(kept)
    assert len({file.at.casefold() for file in found} | {*RESERVED}) == len(kept) + len(RESERVED)


def test_the_pointer_says_which_tree_and_where_and_reads_back() -> None:
    row = made()
    told = pointer("toy-onnx-int8", 3, row, {"README.md": b"# Card\n"})
    assert (told.version, told.tree_digest) == (3, row.tree_digest)
    assert [(file.path, file.at, file.size) for file in told.files] == [
        ("model.onnx", "onnx/model_quantized.onnx", 25_000_000)
    ]
    assert Pointer.model_validate_json(told.to_text()) == told
    assert '"schema": 1' in told.to_text()


def test_the_pointer_says_what_lies_beside_the_files() -> None:
    told = pointer("toy-onnx-int8", 3, made(), {"plots/toy/a.svg": b"<svg/>", "README.md": b""})
    assert [(file.path, file.size) for file in told.beside] == [("README.md", 0), ("plots/toy/a.svg", 6)]
    assert told.beside[1].sha256 == hashlib.sha256(b"<svg/>").hexdigest()


@pytest.mark.parametrize("path", ["onnx/model_quantized.onnx", "ONNX/x.svg", "onnx"])
def test_a_plot_never_takes_the_place_of_a_file(path: str) -> None:
    with pytest.raises(ZooError, match=r"stands twice|would be one on some file systems|as a file and as a folder"):
        pointer("toy-onnx-int8", 3, made(), {path: b""})
