"""A folder's tokenizer: the ids of transformers, whichever file says what about special tokens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.causal import BOS, CHAT_TEMPLATE, END, SENTENCES, write_tokenizer
from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.tokenizer import FolderTokenizer


def post_processor(folder: Path, token: str, number: int) -> None:
    """Let tokenizer.json itself put a token before each text."""
    file = folder / "tokenizer.json"
    template = [{"SpecialToken": {"id": token, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    special = {token: {"id": token, "ids": [number], "tokens": [token]}}
    content = json.loads(file.read_text())
    content["post_processor"] = {
        "type": "TemplateProcessing", "single": template, "pair": template, "special_tokens": special
    }  # fmt: skip
    file.write_text(json.dumps(content))


def changed(folder: Path, name: str, **values: Any) -> None:
    file = folder / name
    found = json.loads(file.read_text()) if file.is_file() else {}
    file.write_text(json.dumps(found | values))


@pytest.mark.parametrize("text", [*SENTENCES, "", " ", "  two", "Größe 😀\n\n", f"a {END} b"])
def test_ids_are_those_of_transformers(tmp_path: Path, text: str) -> None:
    import transformers

    write_tokenizer(tmp_path)
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    ours = FolderTokenizer(tmp_path)
    assert ours.encode(text, special=True) == theirs(text, add_special_tokens=False)["input_ids"]
    plain = theirs(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    assert ours.encode(text) == plain
    assert ours.detokenize(plain) == text


def test_special_tokens_are_text_unless_they_are_asked_for(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    tokenizer = FolderTokenizer(tmp_path)
    assert tokenizer.eos not in tokenizer.encode(f"hi{END}")
    assert tokenizer.encode(f"hi{END}", special=True)[-1] == tokenizer.eos == 3
    assert tokenizer.detokenize([3, *tokenizer.encode("hi")]) == "hi"


@pytest.mark.parametrize(("said", "template", "adds"), [
    (True, False, True), (True, True, True), (False, True, False), (None, True, True), (None, False, False),
])  # fmt: skip
def test_bos_is_added_where_the_config_says_so_or_else_the_post_processor(
    tmp_path: Path, said: bool | None, template: bool, adds: bool
) -> None:
    import transformers

    write_tokenizer(tmp_path, add_bos_token=said)
    if template:
        post_processor(tmp_path, BOS, 1)
    assert FolderTokenizer(tmp_path).adds_bos is adds
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)("the fox")["input_ids"][0] == 1
    assert theirs is template, "transformers 5 reads tokenizer.json alone"
    assert said is not None or theirs is adds


def test_every_file_that_declares_an_end_token_counts(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    changed(tmp_path, "config.json", eos_token_id=2)
    changed(tmp_path, "generation_config.json", eos_token_id=[3, 0])
    assert FolderTokenizer(tmp_path).ends == {0, 2, 3}


def test_special_tokens_may_be_objects_absent_or_only_in_other_files(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    changed(
        tmp_path, "tokenizer_config.json", bos_token={"content": BOS, "lstrip": False}, eos_token=None, pad_token=None
    )
    assert (FolderTokenizer(tmp_path).bos, FolderTokenizer(tmp_path).eos) == (1, None)
    changed(tmp_path, "config.json", eos_token_id=[3, 0])
    assert FolderTokenizer(tmp_path).eos == 3
    (tmp_path / "tokenizer_config.json").unlink()
    (tmp_path / "special_tokens_map.json").write_text(json.dumps({"bos_token": BOS}))
    found = FolderTokenizer(tmp_path)
    assert (found.bos, found.adds_bos, found.chat_template) == (1, False, None)


def test_the_template_is_taken_from_its_file_first_then_by_the_name_default(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    assert FolderTokenizer(tmp_path).chat_template == CHAT_TEMPLATE
    changed(tmp_path, "tokenizer_config.json", chat_template=[
        {"name": "tool_use", "template": "tools"}, {"name": "default", "template": "plain"}])  # fmt: skip
    assert FolderTokenizer(tmp_path).chat_template == "plain"
    (tmp_path / "chat_template.jinja").write_text("file")
    assert FolderTokenizer(tmp_path).chat_template == "file"


def test_padding_and_truncation_of_the_file_are_not_followed(tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    write_tokenizer(tmp_path)
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=50)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    found = FolderTokenizer(tmp_path)
    assert found.detokenize(found.encode("the quick brown fox")) == "the quick brown fox"


def test_a_lone_surrogate_is_no_text(tmp_path: Path) -> None:
    write_tokenizer(tmp_path)
    tokenizer = FolderTokenizer(tmp_path)
    assert tokenizer.detokenize(tokenizer.encode("a\ud800b")) == "a?b"


def test_what_is_missing_or_damaged_is_told(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match=r"has no tokenizer\.json: add the one that the model was trained with"):
        FolderTokenizer(tmp_path)
    write_tokenizer(tmp_path)
    with pytest.raises(ZooError, match=r"no token 9999: it is of another model"):
        FolderTokenizer(tmp_path).name_of(9999)
    (tmp_path / "tokenizer_config.json").write_text("{")
    with pytest.raises(ZooError, match=r"tokenizer_config\.json is no JSON"):
        FolderTokenizer(tmp_path)
    (tmp_path / "tokenizer_config.json").write_text("[]")
    with pytest.raises(ZooError, match=r"holds no JSON object"):
        FolderTokenizer(tmp_path)
    (tmp_path / "tokenizer.json").write_text('{"version": "1.0"}')
    with pytest.raises(ZooError, match=r"tokenizer\.json is no tokenizer that the package `tokenizers` reads"):
        FolderTokenizer(tmp_path)
