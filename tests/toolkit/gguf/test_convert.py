"""The converter: the same bytes from any folder, nothing of the machine in them, and failures with their cause."""

from __future__ import annotations

import json
import shutil
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.support import causal, converting, gguf
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import convert, header


def test_the_file_depends_on_the_checkpoint_alone(llama: Path, llama_f16: Path, tmp_path: Path) -> None:
    other = tmp_path / "some-org" / "Other-7B-Chat-v2"
    shutil.copytree(llama, other)
    (other / "README.md").write_text("---\nlicense: mit\nname: Somebody's\n---\n", encoding="utf-8")
    (other / "model.py").write_text("raise SystemExit('code of a stranger ran')\n", encoding="utf-8")
    assert gguf.converted(other, tmp_path / "b.gguf").read_bytes() == llama_f16.read_bytes()
    raw = llama_f16.read_bytes()
    assert b"/tmp" not in raw and str(llama).encode() not in raw and llama.name.encode() not in raw
    assert header.read(llama_f16).metadata["general.name"] == "model"


@pytest.mark.parametrize(("outtype", "stored"), [("f32", "F32"), ("f16", "F16"), ("bf16", "BF16"), ("q8_0", "Q8_0")])
def test_matrices_get_the_type_and_vectors_stay_fp32(llama: Path, tmp_path: Path, outtype: str, stored: str) -> None:
    tensors = header.read(gguf.converted(llama, tmp_path / "a.gguf", outtype)).tensors
    assert {tensor.type for tensor in tensors if len(tensor.shape) > 1} == {stored}
    assert {tensor.type for tensor in tensors if len(tensor.shape) == 1} == {"F32"}


def test_progress_is_told(llama: Path, llama_f16: Path, tmp_path: Path) -> None:
    """And a process of its own writes what one that is forked does, as those of other tests are."""
    told: list[tuple[Any, ...]] = []
    convert.convert(
        llama, tmp_path / "a.gguf", "f16", converter=gguf.converter(), progress=lambda *one: told.append(one)
    )
    assert told[-1] == (100, 100, "converting to GGUF")
    assert [path.name for path in tmp_path.iterdir()] == ["a.gguf"]
    assert (tmp_path / "a.gguf").read_bytes() == llama_f16.read_bytes()


def test_a_process_of_its_own_says_what_one_that_is_forked_says(llama: Path, tmp_path: Path) -> None:
    strange, said = changed(llama, tmp_path / "c", architectures=["NoSuchForCausalLM"]), []
    for run in (nullcontext(), converting.forked()):
        with run, pytest.raises(BuildError) as caught:
            convert.convert(strange, tmp_path / "b.gguf", "f16", converter=gguf.converter())
        said.append(str(caught.value))
    assert said[0] == said[1]


def changed(llama: Path, folder: Path, **config: Any) -> Path:
    shutil.copytree(llama, folder)
    stated = json.loads((folder / "config.json").read_text(encoding="utf-8")) | config
    (folder / "config.json").write_text(json.dumps(stated), encoding="utf-8")
    return folder


def test_an_unknown_architecture_is_named(llama: Path, tmp_path: Path) -> None:
    strange = changed(llama, tmp_path / "c", architectures=["NoSuchForCausalLM"])
    with pytest.raises(
        BuildError, match=r"Model NoSuchForCausalLM is not supported; llama.cpp knows no such architecture"
    ):
        gguf.converted(strange, tmp_path / "a.gguf")
    assert not list(tmp_path.glob("*.gguf")) and not list(tmp_path.glob(".*partial"))


def test_weights_that_are_cut_off_are_told_without_our_paths(llama: Path, tmp_path: Path) -> None:
    broken = changed(llama, tmp_path / "c")
    raw = (broken / "model.safetensors").read_bytes()
    (broken / "model.safetensors").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(BuildError, match="cannot convert the checkpoint") as caught:
        gguf.converted(broken, tmp_path / "a.gguf")
    assert "/tmp" not in str(caught.value) and str(tmp_path) not in str(caught.value)
    assert not list(tmp_path.glob("*.gguf")) and not list(tmp_path.glob(".*partial"))


def test_a_pre_tokenizer_that_llama_cpp_lacks_is_refused(tmp_path: Path) -> None:
    folder = causal.tiny_llama(tmp_path / "c")
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    split = {"type": "Split", "pattern": {"Regex": "[aeiou]"}, "behavior": "Isolated", "invert": False}
    tokenizer["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [split, tokenizer["pre_tokenizer"]]}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    with pytest.raises(BuildError, match=r"pre-tokenizer was not recognized.*its tokens would differ"):
        gguf.converted(folder, tmp_path / "a.gguf")


def test_a_folder_without_the_converter_is_refused(llama: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"convert_hf_to_gguf\.py is missing"):
        convert.convert(llama, tmp_path / "a.gguf", "f16", converter=tmp_path)
