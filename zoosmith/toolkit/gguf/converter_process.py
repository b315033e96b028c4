"""Runs llama.cpp's converter in a process of its own: python -P converter_process.py FOLDER ARGUMENT...

It imports nothing of ours: its folder is not on the path (-P), so that modules of it cannot hide packages.

llama.cpp knows a byte-level BPE tokenizer by a hash over what it makes of one text, which every vocabulary has another
one of, and refuses those that it has not listed. The pre-tokenizer alone decides how text is cut: where tokenizer.json
states one that llama.cpp implements, its name is given. Token ids are compared after every conversion.
"""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"
CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
KNOWN = {
    ("bytes+words",): "gpt-2",
    ("digits", "bytes+words"): "smollm",
    (CONTRACTIONS + r"\p{N}{1,3}" + REST, "bytes"): "llama-bpe",
    (CONTRACTIONS + r"\p{N}" + REST, "bytes"): "qwen2",
}
"""Pre-tokenizers of tokenizer.json, step by step, and what llama.cpp calls them (llama-vocab.cpp)."""


def steps(pre_tokenizer: dict[str, Any]) -> tuple[str, ...]:
    """The steps of a pre-tokenizer as KNOWN writes them; what is not known there comes as its type."""
    if pre_tokenizer["type"] == "Sequence":
        return tuple(name for step in pre_tokenizer["pretokenizers"] for name in steps(step))
    if pre_tokenizer["type"] == "ByteLevel" and not pre_tokenizer.get("add_prefix_space"):
        return ("bytes+words" if pre_tokenizer.get("use_regex", True) else "bytes",)
    if pre_tokenizer["type"] == "Digits" and pre_tokenizer.get("individual_digits"):
        return ("digits",)
    if pre_tokenizer["type"] == "Split" and pre_tokenizer["behavior"] == "Isolated":
        return (str(pre_tokenizer["pattern"].get("Regex")),)
    return (str(pre_tokenizer["type"]),)


def pre_type(folder: Path) -> str | None:
    """llama.cpp's name for the pre-tokenizer in `folder`, or None where it is not one of KNOWN."""
    stated = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")).get("pre_tokenizer")
    return KNOWN.get(steps(stated)) if stated else None


def _by_hash_or_by_steps(by_hash: Callable[[Any, Any], str]) -> Callable[[Any, Any], str]:
    def get_vocab_base_pre(self: Any, tokenizer: Any) -> str:
        try:
            return by_hash(self, tokenizer)
        except NotImplementedError:
            found = pre_type(self.dir_model)
            if found is None:
                raise
            print(f"pre-tokenizer taken from tokenizer.json: {found}", file=sys.stderr)
            return found

    return get_vocab_base_pre


def main(converter: Path, *arguments: str) -> None:
    """Run the converter in the folder `converter` as its own command line would."""
    sys.path.insert(0, str(converter))
    from conversion.base import TextModel  # type: ignore[import-not-found, unused-ignore]

    TextModel.get_vocab_base_pre = _by_hash_or_by_steps(TextModel.get_vocab_base_pre)
    sys.argv = ["convert_hf_to_gguf.py", *arguments]
    runpy.run_path(str(converter / "convert_hf_to_gguf.py"), run_name="__main__")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
