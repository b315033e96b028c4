"""Modelfiles: a template where it is known, a stop for each end token, the model's context."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoosmith.toolkit.gguf import modelfile


def test_the_whole_text_of_a_chatml_model(llama: Path, llama_f16: Path) -> None:
    assert modelfile.modelfile(llama_f16, llama) == (
        "FROM ./model.gguf\n"
        'TEMPLATE """{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n'
        '{{ end }}<|im_start|>assistant\n"""\n'
        'PARAMETER stop "<|im_end|>"\n'
        'PARAMETER stop "<|endoftext|>"\n'
        "PARAMETER num_ctx 128\n"
    )


def test_end_tokens_of_generation_config_are_added(llama: Path, llama_f16: Path) -> None:
    alone = modelfile.modelfile(llama_f16)
    assert "<|endoftext|>" not in alone and 'stop "<|im_end|>"' in alone
    assert modelfile.generation_ends(llama) == [3, 0]


@pytest.mark.parametrize(("stated", "ends"), [('{"eos_token_id": 5}', [5]), ('{"eos_token_id": null}', []), ("{}", [])])
def test_generation_config_may_name_one_several_or_none(tmp_path: Path, stated: str, ends: list[int]) -> None:
    assert modelfile.generation_ends(tmp_path) == []
    (tmp_path / "generation_config.json").write_text(stated, encoding="utf-8")
    assert modelfile.generation_ends(tmp_path) == ends


def test_a_template_that_is_not_known_is_left_to_ollama() -> None:
    assert modelfile.text("m.gguf", "{{ messages }}", ['a"b'], None) == 'FROM ./m.gguf\nPARAMETER stop "a\\"b"\n'
    assert "<start_of_turn>model" in modelfile.text("m.gguf", "x <start_of_turn> y", [], None)
    assert modelfile.text("m.gguf", None, [], 42) == "FROM ./m.gguf\nPARAMETER num_ctx 42\n"


def test_end_tokens_are_those_that_the_file_states() -> None:
    stated = {"tokenizer.ggml.eos_token_id": 2, "tokenizer.ggml.eot_token_id": 7, "tokenizer.ggml.eom_token_id": 2}
    assert modelfile.end_tokens(stated) == [2, 7]
    assert modelfile.end_tokens({}) == []
