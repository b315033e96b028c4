"""GGUF files that become checkpoints: weights, tokenizer and configuration, and nothing of the way there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support import architectures, causal, gguf
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.causal.tokenizer import FolderTokenizer
from zoosmith.toolkit.gguf import importing, quantize, tokens
from zoosmith.toolkit.gguf.vocabulary import Vocabulary


def imported(file: Path, out: Path) -> Path:
    out.mkdir(parents=True)
    importing.convert(file, out)
    return out


def stored(folder: Path) -> dict[str, Any]:
    from safetensors.numpy import load_file

    return dict(load_file(folder / "model.safetensors"))


@pytest.mark.parametrize("tied", [True, False])
def test_weights_are_the_checkpoints(tmp_path: Path, tied: bool) -> None:
    checkpoint = causal.tiny_llama(tmp_path / "c", tied=tied)
    file = gguf.converted(checkpoint, tmp_path / "a.gguf", "f32")
    mine, theirs = stored(imported(file, tmp_path / "out")), stored(checkpoint)
    assert set(mine) == set(theirs) and ("lm_head.weight" in mine) != tied
    assert all((mine[name] == theirs[name]).all() for name in theirs)
    assert {weight.dtype for weight in mine.values()} == {np.dtype("float32")}


def test_quantised_weights_are_what_the_package_gguf_makes_of_them(llama_f16: Path, tmp_path: Path) -> None:
    import gguf as package

    quantize.quantize(llama_f16, tmp_path / "q.gguf", "q4_1")
    mine = stored(imported(tmp_path / "q.gguf", tmp_path / "out"))
    tensors = {one.name: one for one in package.GGUFReader(tmp_path / "q.gguf").tensors}
    down = tensors["blk.0.ffn_down.weight"]
    expected = package.dequantize(down.data, down.tensor_type)
    np.testing.assert_array_equal(mine["model.layers.0.mlp.down_proj.weight"], expected)


@pytest.mark.parametrize("name", ["llama", "qwen2", "mistral"])
def test_a_tensor_at_a_time_gives_the_bytes_of_all_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    file = gguf.converted(architectures.write(tmp_path / "c", name), tmp_path / "a.gguf")
    whole = tmp_path / "whole"
    whole.mkdir()
    importing.save(importing.load(file), file, whole)
    monkeypatch.setattr(importing, "load", lambda file: pytest.fail("the whole file was read"))
    made = imported(file, tmp_path / "made")
    assert {path.name for path in made.iterdir()} == {path.name for path in whole.iterdir()}
    for path in whole.iterdir():
        assert (made / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_model_answers_as_the_checkpoint_did(llama: Path, llama_f16: Path, tmp_path: Path) -> None:
    import torch
    import transformers

    file = gguf.converted(llama, tmp_path / "a.gguf", "f32")
    made = imported(file, tmp_path / "out")
    ids = torch.tensor([[5, 6, 7, 300, 8]])
    with torch.no_grad():
        logits = [transformers.AutoModelForCausalLM.from_pretrained(one)(ids).logits for one in (llama, made)]
    torch.testing.assert_close(*logits, rtol=0, atol=0)


def test_the_tokenizer_and_its_template_are_the_files(llama: Path, llama_f16: Path, tmp_path: Path) -> None:
    made = FolderTokenizer(imported(llama_f16, tmp_path / "out"))
    with Vocabulary(llama_f16) as given:
        assert tokens.differences(made.encode, given.encode) == []
    assert made.chat_template == causal.CHAT_TEMPLATE
    assert (made.bos, made.eos, made.adds_bos) == (1, 3, False)


def test_digits_are_cut_as_the_file_says_and_not_as_transformers_assumes(tmp_path: Path) -> None:
    checkpoint = causal.tiny_llama(tmp_path / "c")
    stated = json.loads((checkpoint / "tokenizer.json").read_text(encoding="utf-8"))
    digits = {"type": "Digits", "individual_digits": True}
    stated["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [digits, stated["pre_tokenizer"]]}
    (checkpoint / "tokenizer.json").write_text(json.dumps(stated), encoding="utf-8")
    file = gguf.converted(checkpoint, tmp_path / "a.gguf")
    made = imported(file, tmp_path / "out")
    assert (
        json.loads((made / "tokenizer.json").read_text(encoding="utf-8"))["pre_tokenizer"]["pretokenizers"][0] == digits
    )
    assert tokens.differences(FolderTokenizer(made).encode, FolderTokenizer(checkpoint).encode) == []


def test_nothing_of_the_way_is_kept_and_bytes_are_the_same(llama_f16: Path, tmp_path: Path) -> None:
    one, other = imported(llama_f16, tmp_path / "one"), imported(llama_f16, tmp_path / "elsewhere" / "other")
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(path.name for path in other.iterdir())
    for name in names:
        raw = (one / name).read_bytes()
        assert raw == (other / name).read_bytes(), name
        assert b"gguf" not in raw.lower() and b"/tmp" not in raw and b"quantization" not in raw, name


def test_generation_config_is_kept_or_made_of_the_files_end_tokens(llama_f16: Path, tmp_path: Path) -> None:
    made = imported(llama_f16, tmp_path / "out")
    stated = json.loads((made / "generation_config.json").read_text(encoding="utf-8"))
    assert stated == {"bos_token_id": 1, "eos_token_id": 3, "pad_token_id": 0}
    beside = tmp_path / "beside"
    beside.mkdir()
    (beside / "m.gguf").write_bytes(llama_f16.read_bytes())
    (beside / "generation_config.json").write_text('{"eos_token_id": [3, 7]}', encoding="utf-8")
    kept = imported(beside / "m.gguf", tmp_path / "kept")
    assert (kept / "generation_config.json").read_text(encoding="utf-8") == '{"eos_token_id": [3, 7]}'


def test_the_origin_tells_types_and_bits(llama_f16: Path, tmp_path: Path) -> None:
    quantize.quantize(llama_f16, tmp_path / "q.gguf", "q4_1")
    assert importing.origin(tmp_path / "q.gguf") == {
        "file": "q.gguf", "types": {"Q4_1": 14, "Q6_K": 1, "F32": 5}, "bits_per_weight": 5.147,
    }  # fmt: skip


def test_the_only_gguf_is_taken_and_one_of_several_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"holds no .gguf file"):
        importing.only_gguf(tmp_path)
    (tmp_path / "a.gguf").touch()
    assert importing.only_gguf(tmp_path) == tmp_path / "a.gguf"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.gguf").touch()
    with pytest.raises(BuildError, match=r"holds a\.gguf, sub/b\.gguf: `file` must say which"):
        importing.only_gguf(tmp_path)
    assert importing.only_gguf(tmp_path, "sub/b.gguf") == tmp_path / "sub" / "b.gguf"
    with pytest.raises(BuildError, match=r"'c\.gguf' is not there"):
        importing.only_gguf(tmp_path, "c.gguf")


def test_an_architecture_that_transformers_cannot_read_is_named(llama_f16: Path, tmp_path: Path) -> None:
    raw = llama_f16.read_bytes().replace(
        b"\x05\x00\x00\x00\x00\x00\x00\x00llama", b"\x05\x00\x00\x00\x00\x00\x00\x00zzzzz", 1
    )
    (tmp_path / "z.gguf").write_bytes(raw)
    with pytest.raises(BuildError, match=r"transformers cannot read the zzzzz model in z\.gguf: ") as caught:
        importing.load(tmp_path / "z.gguf")
    assert str(tmp_path) not in str(caught.value)
