"""A checkpoint as GGUF: types, facts, a Modelfile, and what is refused before and after the converter."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support import causal, gguf
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf.probes import PROBES


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Llama."""
    return causal.tiny_llama(tmp_path_factory.mktemp("llama"))


@pytest.mark.parametrize(("kind", "stored"), [("f16", "F16"), ("f32", "F32"), ("bf16", "BF16"), ("q8_0", "Q8_0")])
def test_types_are_counted_and_facts_are_stated(checkpoint: Path, tmp_path: Path, kind: str, stored: str) -> None:
    made = gguf.build("gguf", tmp_path, params={"type": kind}, source=gguf.parent(checkpoint, "torch"))
    assert sorted(path.name for path in made.out.iterdir()) == ["Modelfile", "model.gguf"]
    assert counts(made) == ({"F32": 20} if kind == "f32" else {stored: 15, "F32": 5})
    assert made.facts["bits_per_weight"] == {"f16": 16.016, "f32": 32.0, "bf16": 16.016, "q8_0": 8.524}[kind]
    assert made.facts["token_texts"] == len(PROBES)
    assert made.facts["parameters"] == 1279232
    assert "origin" not in made.facts
    assert ("largest_weight" in made.facts) == (kind == "f16")


def counts(made: Any) -> dict[str, int]:
    return {kind: found["tensors"] for kind, found in made.facts["tensor_types"].items()}


def test_memory_is_told_before_anything_is_converted(checkpoint: Path, tmp_path: Path) -> None:
    made = gguf.build("gguf", tmp_path, source=gguf.parent(checkpoint, "torch"))
    assert made.texts[0] == "converting, with 401 MiB at its peak"
    assert made.texts[-1] == "converting to GGUF"
    assert made.notes["predicted_peak_mb"] == 401


def test_the_modelfile_names_every_end_token(checkpoint: Path, tmp_path: Path) -> None:
    made = gguf.build("gguf", tmp_path, source=gguf.parent(checkpoint, "torch"))
    text = (made.out / "Modelfile").read_text(encoding="utf-8")
    assert text.startswith("FROM ./model.gguf\nTEMPLATE ")
    assert 'stop "<|im_end|>"' in text and 'stop "<|endoftext|>"' in text and text.endswith("num_ctx 128\n")


def test_bytes_are_the_same_again(checkpoint: Path, tmp_path: Path) -> None:
    one, other = (gguf.build("gguf", tmp_path / name, source=gguf.parent(checkpoint, "torch")) for name in "ab")
    assert one.file.read_bytes() == other.file.read_bytes()
    assert one.facts == other.facts


def test_where_weights_came_from_is_passed_on(checkpoint: Path, tmp_path: Path) -> None:
    origin = {"file": "x.gguf", "types": {"Q4_1": 210}}
    made = gguf.build("gguf", tmp_path, source=gguf.parent(checkpoint, "torch", origin=origin))
    assert made.facts["origin"] == origin


def changed(checkpoint: Path, folder: Path, **tokenizer_config: Any) -> Path:
    shutil.copytree(checkpoint, folder)
    stated = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8")) | tokenizer_config
    (folder / "tokenizer_config.json").write_text(json.dumps(stated), encoding="utf-8")
    return folder


def test_weights_that_half_precision_cannot_hold_are_refused_and_bf16_takes_them(
    checkpoint: Path, tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    huge = changed(checkpoint, tmp_path / "huge")
    weights = load_file(huge / "model.safetensors")
    weights["model.layers.0.mlp.up_proj.weight"][0, 0] = 1e5
    save_file(weights, huge / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BuildError, match=r"up_proj\.weight holds \|w\| = 100000, which F16 cannot .* set `type: bf16`"):
        gguf.build("gguf", tmp_path / "a", source=gguf.parent(huge, "torch"))
    made = gguf.build("gguf", tmp_path / "b", params={"type": "bf16"}, source=gguf.parent(huge, "torch"))
    assert made.file.is_file() and torch.finfo(torch.bfloat16).max > 1e5


def test_a_tokenizer_of_another_model_is_refused_first(checkpoint: Path, tmp_path: Path) -> None:
    other = causal.tiny_llama(tmp_path / "other", vocabulary=352)
    causal.write_tokenizer(other, vocabulary=384)
    with pytest.raises(BuildError, match="last token is 383, the model embeds 352"):
        gguf.build("gguf", tmp_path / "made", source=gguf.parent(other, "torch"))


def test_bos_twice_is_refused_and_written_once_on_request(checkpoint: Path, tmp_path: Path) -> None:
    template = "{{ bos_token }}" + causal.CHAT_TEMPLATE
    both = gguf.parent(changed(checkpoint, tmp_path / "c", add_bos_token=True, chat_template=template), "torch")
    with pytest.raises(BuildError, match=r"twice: .*set `bos: once`"):
        gguf.build("gguf", tmp_path / "a", source=both)
    made = gguf.build("gguf", tmp_path / "b", params={"bos": "once"}, source=both)
    assert made.facts["token_texts"] == len(PROBES)


def test_a_template_that_the_converter_reads_from_another_file_is_caught(checkpoint: Path, tmp_path: Path) -> None:
    two = changed(checkpoint, tmp_path / "c")
    (two / "chat_template.jinja").write_text("{{ messages[0]['content'] }}", encoding="utf-8")
    with pytest.raises(BuildError, match="another chat template than the checkpoint"):
        gguf.build("gguf", tmp_path / "made", source=gguf.parent(two, "torch"))


def test_rows_that_q8_0_cannot_hold_are_refused(tmp_path: Path) -> None:
    narrow = causal.tiny_llama(tmp_path / "c", hidden=48, heads=3)
    with pytest.raises(
        BuildError, match=r"q8_0 would be its name alone: .* became F16, for rows of 48 are no multiple of Q8_0"
    ):
        gguf.build("gguf", tmp_path / "made", params={"type": "q8_0"}, source=gguf.parent(narrow, "torch"))


def test_parity_is_claimed_for_each_type() -> None:
    from builders import gguf as builder

    for kind in ("f16", "f32", "bf16", "q8_0"):
        claimed = builder.check(builder.Params(type=kind))
        assert claimed.mean_kl is not None and claimed.mean_kl <= 0.05
        assert builder.output(builder.Params(type=kind)).format == "gguf"
