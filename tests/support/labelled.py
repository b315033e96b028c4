"""Tiny language models whose answers are one token, and the task that asks them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.causal import tiny_llama
from zoosmith.contract.manifest import TaskSpec
from zoosmith.tasks.label_token.encoding import LabelTokenTask, bind

WORDS = (" yes", " no", " partial", "yes", "no")
"""What the tokenizer learns as whole tokens: "partial" is one after a space alone."""
PROMPT = "one: {first} two: {second} the answer:"


def answering_llama(folder: Path, **about: Any) -> Path:
    """`tests.support.causal.tiny_llama` with a vocabulary that has WORDS as tokens."""
    tiny_llama(folder, **about)
    file = folder / "tokenizer.json"
    tokenizer = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(with_words(tokenizer)), encoding="utf-8")
    return folder


def with_words(tokenizer: dict[str, Any]) -> dict[str, Any]:
    """A byte-level BPE with its last merges given to WORDS, letter by letter; its size stays."""
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    size = len(vocabulary)
    made: list[tuple[str, str]] = []
    for word in WORDS:
        letters = word.replace(" ", "Ġ")
        made += [(letters[:at], letters[at]) for at in range(1, len(letters))]
    made = list(dict.fromkeys(made))
    kept = len(tokenizer["model"]["merges"]) - len(made)
    alphabet = size - len(tokenizer["model"]["merges"])
    names = [name for name, _ in sorted(vocabulary.items(), key=lambda item: item[1])][:alphabet]
    assert kept >= 0
    tokenizer["model"]["merges"] = [list(pair) for pair in made]
    names += [left + right for left, right in made]
    names += [f"unused{i}" for i in range(size - len(names))]
    tokenizer["model"]["vocab"] = {name: at for at, name in enumerate(names)}
    return tokenizer


def spec(**changes: Any) -> TaskSpec:
    """What the task asks: two texts, yes, no or partial."""
    given = {"kind": "label-token", "inputs": ("first", "second"), "labels": ("no", "partial", "yes"), "prompt": PROMPT}
    return TaskSpec.model_validate(given | {"max_length": 96} | changes)


def asked(folder: Path, **changes: Any) -> LabelTokenTask:
    """The task with the tokenizer in `folder`."""
    return bind(spec(**changes), folder)
