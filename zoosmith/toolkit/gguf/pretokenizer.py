"""How byte-level BPE tokenizers cut text before they merge: as tokenizer.json states it, and what llama.cpp calls it.

Sources: llama-vocab.cpp (regular expressions by name) and the tokenizer.json of the models that the names come from.
Standard library alone: the converter's process reads this file by its path.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
WORDS, BYTES, DIGITS = "bytes of GPT-2's words", "bytes", "digits one by one"
KNOWN = {
    "gpt-2": (WORDS,),
    "smollm": (DIGITS, WORDS),
    "llama-bpe": (CONTRACTIONS + r"\p{N}{1,3}" + REST, BYTES),
    "qwen2": (CONTRACTIONS + r"\p{N}" + REST, BYTES),
}
"""Steps by llama.cpp's name; a step that is none of the three words is a regular expression that text is split by."""


def named(folder: Path) -> str | None:
    """llama.cpp's name for the pre-tokenizer in `folder`'s tokenizer.json, or None where it is not one of KNOWN."""
    given = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")).get("pre_tokenizer")
    steps = _steps(given) if given else ()
    return next((name for name, known in KNOWN.items() if known == steps), None)


def stated(name: str) -> dict[str, Any] | None:
    """The pre-tokenizer that llama.cpp calls `name`, as tokenizer.json states it; None where it is not one of KNOWN."""
    if name not in KNOWN:
        return None
    steps = [_step(step) for step in KNOWN[name]]
    return steps[0] if len(steps) == 1 else {"type": "Sequence", "pretokenizers": steps}


def _steps(given: dict[str, Any]) -> tuple[str, ...]:
    if given["type"] == "Sequence":
        return tuple(name for step in given["pretokenizers"] for name in _steps(step))
    if given["type"] == "ByteLevel" and not given.get("add_prefix_space"):
        return (WORDS if given.get("use_regex", True) else BYTES,)
    if given["type"] == "Digits" and given.get("individual_digits"):
        return (DIGITS,)
    if given["type"] == "Split" and given["behavior"] == "Isolated" and not given.get("invert"):
        return (str(given["pattern"].get("Regex")),)
    return (f"unknown: {given['type']}",)


def _step(name: str) -> dict[str, Any]:
    if name in (WORDS, BYTES):
        return {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": name == WORDS}
    if name == DIGITS:
        return {"type": "Digits", "individual_digits": True}
    return {"type": "Split", "pattern": {"Regex": name}, "behavior": "Isolated", "invert": False}
