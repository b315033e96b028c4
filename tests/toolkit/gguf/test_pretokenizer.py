"""Pre-tokenizers by llama.cpp's names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from zoosmith.toolkit.gguf import pretokenizer


def folder(path: Path, stated: Any) -> Path:
    (path / "tokenizer.json").write_text(json.dumps({"pre_tokenizer": stated}), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", pretokenizer.KNOWN)
def test_what_is_stated_is_recognised_again_and_is_valid(tmp_path: Path, name: str) -> None:
    from tokenizers import Tokenizer

    stated = pretokenizer.stated(name)
    assert pretokenizer.named(folder(tmp_path, stated)) == name
    model = {"type": "BPE", "vocab": {"a": 0}, "merges": []}
    whole = {"version": "1.0", "added_tokens": [], "pre_tokenizer": stated, "model": model}
    cut = Tokenizer.from_str(json.dumps(whole)).pre_tokenizer.pre_tokenize_str("it's 1234")
    groups = {"gpt-2": 3, "smollm": 7, "llama-bpe": 5, "qwen2": 7}
    assert len(cut) == groups[name]


@pytest.mark.parametrize(
    "stated",
    [
        None,
        {"type": "Whitespace"},
        {"type": "ByteLevel", "add_prefix_space": True, "use_regex": True},
        {"type": "Digits", "individual_digits": False},
        {"type": "Split", "pattern": {"Regex": "x"}, "behavior": "Isolated"},
        {"type": "Split", "pattern": {"String": "x"}, "behavior": "Removed"},
    ],
)
def test_what_is_not_known_has_no_name(tmp_path: Path, stated: Any) -> None:
    assert pretokenizer.named(folder(tmp_path, stated)) is None


def test_a_name_that_is_not_known_states_nothing() -> None:
    assert pretokenizer.stated("tekken") is None
