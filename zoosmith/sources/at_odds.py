"""Whether the files of a checkpoint say the same: told when a base is fetched, before anything is made of it.

transformers believes one file and says nothing of the other; artifacts are read with tokenizer.json and id2label alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import BuildError, ZooError
from zoosmith.toolkit.torch import stored
from zoosmith.toolkit.torch.soundness import BUFFERS

FLOATS = ("F64", "F32", "F16", "BF16")
GENERIC = re.compile(r"LABEL_\d+")  # as transformers names classes that nobody has named
CLASSIFIER = "ForSequenceClassification"


def check(folder: Path, name: str) -> None:
    """Raise ZooError, naming file and key, where one file of the checkpoint in `folder` contradicts another."""
    if not (folder / "config.json").is_file():
        return
    config = _object(folder / "config.json")
    _check_labels(config, name)
    if (folder / "tokenizer.json").is_file():
        _check_tokens(folder, name)
    if any(str(one).endswith(CLASSIFIER) for one in config.get("architectures") or ()):
        _check_side(folder, name)
    if not config.get("quantization_config"):
        _check_types(folder, name)


def _check_labels(config: Mapping[str, Any], name: str) -> None:
    """id2label and label2id, where the second names classes at all."""
    outputs, classes = config.get("id2label"), config.get("label2id")
    if not isinstance(classes, dict) or all(GENERIC.fullmatch(label) for label in classes):
        return
    said = {str(label): str(output) for output, label in outputs.items()} if isinstance(outputs, dict) else {}
    for label, output in classes.items():
        if said.get(label) != str(output):
            other = f"id2label says {said[label]}" if label in said else "id2label does not name it"
            raise ZooError(
                f"{name}: config.json: label2id says that {label!r} is output {output}, and {other}: they are at odds; "
                "let both say which output is which class, in a copy of your own (`path:`)"
            )


def _check_tokens(folder: Path, name: str) -> None:
    """Each token that a file beside tokenizer.json names is in tokenizer.json too."""
    known = _vocabulary(_object(folder / "tokenizer.json"))
    for file, key, token in _named(folder):
        if token not in known:
            raise ZooError(
                f"{name}: {file}: {key} names the token {token!r}, which tokenizer.json does not have: texts with it "
                "would be read as other tokens than transformers reads; take all files from one checkpoint, or save "
                "the tokenizer anew with transformers (`save_pretrained`)"
            )


def _vocabulary(tokenizer: Mapping[str, Any]) -> set[str]:
    """Tokens of tokenizer.json: a mapping to ids, or for Unigram pairs with scores, and those that were added."""
    vocabulary = (tokenizer.get("model") or {}).get("vocab") or ()
    words = vocabulary if isinstance(vocabulary, dict) else (entry[0] for entry in vocabulary)
    return {*words, *(each["content"] for each in tokenizer.get("added_tokens") or ())}


def _named(folder: Path) -> Iterator[tuple[str, str, str]]:
    """File, key and text of the tokens that were added to a vocabulary, by the files beside tokenizer.json."""
    for file in ("tokenizer_config.json", "special_tokens_map.json"):
        stated = _object(folder / file)
        for key in ("added_tokens_decoder", "additional_special_tokens", "extra_special_tokens"):
            given = stated.get(key) or ()
            for token in given.values() if isinstance(given, dict) else given:
                yield file, key, str(token["content"] if isinstance(token, dict) else token)
    for token in _object(folder / "added_tokens.json"):
        yield "added_tokens.json", "it", token


def _check_side(folder: Path, name: str) -> None:
    """A classifier that learnt from the ends of long texts would be asked about their beginnings."""
    if _object(folder / "tokenizer_config.json").get("truncation_side") == "left":
        raise ZooError(
            f"{name}: tokenizer_config.json: truncation_side: left keeps the end of a long text, and artifacts keep "
            "its beginning: state `right` in a copy of your own (`path:`), trained anew where texts are long"
        )


def _check_types(folder: Path, name: str) -> None:
    """Matrices of integers are quantised, and without their scales, which config.json would tell of, mean nothing."""
    for file in sorted(folder.glob("*.safetensors")):
        with suppress(BuildError):  # damaged: the build tells it, with what to do
            for tensor in stored.tensors(file):
                if len(tensor.shape) > 1 and tensor.type not in FLOATS and not tensor.name.endswith(BUFFERS):
                    raise ZooError(
                        f"{name}: {file.name}: {tensor.name} is of {tensor.type}, and config.json has no "
                        "quantization_config that says how to read it; take the checkpoint in full precision"
                    )


def _object(file: Path) -> dict[str, Any]:
    """What a JSON file says; {} where it is missing, or no object."""
    with suppress(OSError, ValueError, RecursionError):
        found = json.loads(file.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}
