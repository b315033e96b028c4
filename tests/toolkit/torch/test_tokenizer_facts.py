"""Files of a tokenizer that contradict each other are told; those that agree pass."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from tests.support.zoo import BAD, GOOD, PLAIN, write_bert, write_tokenizer
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.torch import checkpoint, tokenizer_facts

CASED = ("The", "Paris", "Monday", "IT")


def check(folder: Path) -> None:
    tokenizer_facts.check(Tokenizer.from_file(str(folder / "tokenizer.json")), folder, None, special=True)


def change(folder: Path, name: str, **values: Any) -> None:
    file = folder / name
    file.write_text(json.dumps((json.loads(file.read_text()) if file.is_file() else {}) | values))


def lower(folder: Path, lowercase: bool) -> None:
    normalizer = {
        "type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
        "lowercase": lowercase,
    }  # fmt: skip
    change(folder, "tokenizer.json", normalizer=normalizer)


def test_files_that_agree_pass(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    check(tmp_path)
    for value in (True, False):
        lower(tmp_path, value)
        change(tmp_path, "tokenizer_config.json", do_lower_case=value)
        check(tmp_path)


def test_a_cased_vocabulary_is_not_lower_cased(tmp_path: Path) -> None:
    write_tokenizer(tmp_path, PLAIN + GOOD + BAD + CASED)
    with pytest.raises(
        BuildError, match=r"lower-cases, and its vocabulary has 4 tokens with capital letters.*do_lower"
    ):
        check(tmp_path)
    lower(tmp_path, False)
    check(tmp_path)


def test_placeholders_of_an_uncased_vocabulary_are_no_capitals(tmp_path: Path) -> None:
    write_tokenizer(tmp_path, PLAIN + tuple(f"[unused{i}]" for i in range(99)))
    check(tmp_path)


@pytest.mark.parametrize("said", [True, False])
def test_case_that_is_stated_twice_is_stated_alike(tmp_path: Path, said: bool) -> None:
    write_tokenizer(tmp_path)
    lower(tmp_path, not said)
    change(tmp_path, "tokenizer_config.json", do_lower_case=said)
    with pytest.raises(BuildError, match=rf"do_lower_case: {str(said).lower()}, and tokenizer\.json .*at odds"):
        check(tmp_path)


@pytest.mark.parametrize("name", ["tokenizer_config.json", "special_tokens_map.json"])
@pytest.mark.parametrize("token", ["<pad>", {"content": "<pad>"}])
def test_a_special_token_of_another_tokenizer_is_told(tmp_path: Path, name: str, token: Any) -> None:
    write_tokenizer(tmp_path)
    config = json.loads((tmp_path / "tokenizer_config.json").read_text())
    del config["pad_token"]
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    change(tmp_path, name, pad_token=token)
    with pytest.raises(BuildError, match=r"names '<pad>' as pad_token, which tokenizer\.json does not have"):
        check(tmp_path)


def test_what_transformers_reads_otherwise_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import transformers

    write_tokenizer(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    write_tokenizer(other, (*PLAIN[1:], PLAIN[0], "the", "quick", "good"))
    theirs = transformers.AutoTokenizer.from_pretrained(other)
    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", lambda *args, **named: theirs)
    with pytest.raises(
        BuildError, match=r"tokenizer\.json reads 'The Quick .* and transformers, by the files beside it"
    ):
        check(tmp_path)


def test_a_vocabulary_alone_that_is_cased_is_refused_rather_than_lower_cased(tmp_path: Path) -> None:
    base, out = tmp_path / "base", tmp_path / "out"
    write_bert(base)
    out.mkdir()
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (base / name).unlink()
    words = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "film", *CASED)
    (base / "vocab.txt").write_text("\n".join(words) + "\n")
    checkpoint.copy_tokenizer(base, out)
    with pytest.raises(BuildError, match=r"4 tokens with capital letters"):
        check(out)
