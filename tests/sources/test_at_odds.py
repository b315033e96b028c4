"""Files of a base that contradict each other are told when it is fetched; those that agree are taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.support.step import make_step
from tests.support.zoo import write_bert
from zoosmith.contract.errors import ZooError
from zoosmith.sources import at_odds, fetch

NAMED = {"id2label": {"0": "negative", "1": "positive"}, "label2id": {"negative": 0, "positive": 1}}


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write_bert(tmp_path / "bases" / "m")


def changed(folder: Path, file: str, **more: Any) -> None:
    path = folder / file
    told = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps(told | more))


def test_a_checkpoint_whose_files_agree_is_taken(base: Path) -> None:
    changed(base, "config.json", **NAMED)
    at_odds.check(base, "toy/m")
    changed(base, "config.json", label2id={"LABEL_0": 0, "LABEL_1": 1})  # left as transformers makes it
    changed(base, "tokenizer_config.json", added_tokens_decoder={"0": {"content": "[PAD]"}}, truncation_side="right")
    changed(base, "special_tokens_map.json", additional_special_tokens=["[SEP]"])
    at_odds.check(base, "toy/m")


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"label2id": {"negative": 1, "positive": 0}}, "'negative' is output 1, and id2label says 0"),
        ({"label2id": {"bad": 0, "good": 1}}, "'bad' is output 0, and id2label does not name it"),
        ({"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}, "'negative' is output 0, and id2label does not name it"),
        ({"id2label": None}, "'negative' is output 0, and id2label does not name it"),
    ],
)
def test_classes_that_two_keys_name_otherwise(base: Path, config: dict[str, Any], said: str) -> None:
    changed(base, "config.json", **(NAMED | config))
    with pytest.raises(ZooError, match=rf"toy/m: config\.json: label2id says that {said}.*are at odds.*`path:`"):
        at_odds.check(base, "toy/m")


@pytest.mark.parametrize(
    ("file", "stated", "key"),
    [
        ("tokenizer_config.json", {"added_tokens_decoder": {"99": {"content": "[E1]"}}}, "added_tokens_decoder"),
        ("tokenizer_config.json", {"extra_special_tokens": {"entity": "[E1]"}}, "extra_special_tokens"),
        ("special_tokens_map.json", {"additional_special_tokens": ["[E1]"]}, "additional_special_tokens"),
        ("special_tokens_map.json", {"additional_special_tokens": [{"content": "[E1]"}]}, "additional_special_tokens"),
        ("added_tokens.json", {"[E1]": 99}, "it"),
    ],
)
def test_a_token_that_tokenizer_json_lacks(base: Path, file: str, stated: dict[str, Any], key: str) -> None:
    changed(base, file, **stated)
    with pytest.raises(ZooError, match=rf"{file}: {key} names the token '\[E1\]', which tokenizer\.json does not have"):
        at_odds.check(base, "toy/m")


def test_tokens_of_unigram_count_as_words(base: Path) -> None:
    (base / "tokenizer.json").write_text(json.dumps({"model": {"type": "Unigram", "vocab": [["[E1]", -1.0]]}}))
    changed(base, "added_tokens.json", **{"[E1]": 0})
    at_odds.check(base, "toy/m")


def test_a_classifier_that_reads_the_ends_of_long_texts(base: Path) -> None:
    changed(base, "tokenizer_config.json", truncation_side="left")
    at_odds.check(base, "toy/m")  # of a body alone: what is trained of it reads beginnings
    changed(base, "config.json", architectures=["BertForSequenceClassification"])
    with pytest.raises(ZooError, match="truncation_side: left keeps the end of a long text"):
        at_odds.check(base, "toy/m")


@pytest.mark.parametrize("kind", ["int8", "uint8"])
def test_integers_without_a_word_on_how_to_read_them(base: Path, kind: str) -> None:
    save_file({"encoder.weight": np.ones((4, 4), kind), "position_ids": np.ones((1, 4), "int64")},
              base / "model.safetensors")  # fmt: skip
    with pytest.raises(ZooError, match=r"model\.safetensors: encoder\.weight is of [IU]8, and config\.json has no"):
        at_odds.check(base, "toy/m")
    changed(base, "config.json", quantization_config={"quant_method": "bitsandbytes"})
    at_odds.check(base, "toy/m")


def damaged(base: Path) -> None:
    (base / "model.safetensors").write_bytes(b"cut off")


def not_json(base: Path) -> None:
    (base / "config.json").write_text("{")


@pytest.mark.parametrize("damage", [damaged, not_json])
def test_what_is_damaged_is_left_to_who_opens_it(base: Path, damage: Callable[[Path], None]) -> None:
    damage(base)
    at_odds.check(base, "toy/m")


def test_it_is_told_at_fetch_and_nothing_is_kept(tmp_path: Path, base: Path) -> None:
    changed(base, "config.json", **(NAMED | {"label2id": {"negative": 1, "positive": 0}}))
    step = make_step(tmp_path, {}, {"base": {"path": "bases/m"}, "name": "toy/m"})
    with pytest.raises(ZooError, match="they are at odds"):
        fetch.run(step)
