"""Tokenizers compared: the same ids on every probe, and each way in which a GGUF's tokenizer becomes another one."""

from __future__ import annotations

import json
import shutil
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tests.support import causal, gguf
from tests.support.zoo import ROOT
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.causal.tokenizer import FolderTokenizer
from zoosmith.toolkit.gguf import tokens
from zoosmith.toolkit.gguf.probes import PROBES
from zoosmith.toolkit.gguf.vocabulary import Vocabulary

STORIES = ROOT.parent / "shared/mirror/models/zoosmith/stories-5m"


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with a SentencePiece vocabulary."""
    folder = causal.tiny_llama(tmp_path_factory.mktemp("pieces"))
    causal.write_sentencepiece(folder)
    return folder


def resaved(checkpoint: Path, folder: Path) -> Path:
    """The checkpoint with its tokenizer saved again by transformers."""
    import transformers

    folder.mkdir()
    for path in checkpoint.iterdir():
        if not path.name.startswith("tokenizer"):
            shutil.copyfile(path, folder / path.name)
    transformers.AutoTokenizer.from_pretrained(checkpoint).save_pretrained(folder)
    return folder


def configured(checkpoint: Path, folder: Path, **changes: Any) -> Path:
    """The checkpoint with other lines in tokenizer_config.json."""
    shutil.copytree(checkpoint, folder)
    stated = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8")) | changes
    (folder / "tokenizer_config.json").write_text(json.dumps(stated), encoding="utf-8")
    return folder


def test_probes_are_many_and_varied() -> None:
    assert len(set(PROBES)) == len(PROBES) >= 140
    assert {"", " ", "\n\n", "\t"} <= set(PROBES)
    scripts = {unicodedata.name(sign, "?").split()[0] for text in PROBES for sign in text if sign.isalpha()}
    assert {
        "LATIN",
        "CYRILLIC",
        "GREEK",
        "ARABIC",
        "HEBREW",
        "DEVANAGARI",
        "THAI",
        "CJK",
        "HIRAGANA",
        "HANGUL",
    } <= scripts
    assert any("\U0001f468\u200d" in text for text in PROBES) and any("def " in text for text in PROBES)


def test_a_byte_level_tokenizer_is_the_same(llama: Path, llama_f16: Path) -> None:
    assert tokens.check(llama, llama_f16, template=causal.CHAT_TEMPLATE) == len(PROBES)


def test_a_sentencepiece_tokenizer_is_the_same_with_its_model(pieces: Path, tmp_path: Path) -> None:
    assert tokens.check(pieces, gguf.converted(pieces, tmp_path / "a.gguf"), template=None) == len(PROBES)


@pytest.mark.skipif(not STORIES.is_dir(), reason="the mirror of models is not beside this repository")
def test_a_trained_sentencepiece_model_is_the_same_and_is_not_when_saved_again(tmp_path: Path) -> None:
    assert tokens.check(STORIES, gguf.converted(STORIES, tmp_path / "a.gguf"), template=None) == len(PROBES)
    again = resaved(STORIES, tmp_path / "again")
    with pytest.raises(BuildError, match=r"texts become other tokens .* without its tokenizer.model"):
        tokens.check(again, gguf.converted(again, tmp_path / "b.gguf"), template=None)


def test_a_sentencepiece_tokenizer_that_transformers_saved_is_caught(pieces: Path, tmp_path: Path) -> None:
    again = resaved(pieces, tmp_path / "again")
    assert not (again / "tokenizer.model").exists()
    file = gguf.converted(again, tmp_path / "a.gguf")
    with pytest.raises(
        BuildError, match=r"\d+ of \d+ texts become other tokens .* copy the base's tokenizer files byte for"
    ):
        tokens.check(again, file, template=None)


def test_each_text_that_differs_is_reported_from_where_it_does() -> None:
    found = tokens.differences(lambda text: [1, 2, len(text)], lambda text: [1, 2, 3], ["abc", "abcd", " x"])
    assert found == [tokens.Difference("abcd", [1, 2, 4], [1, 2, 3]), tokens.Difference(" x", [1, 2, 2], [1, 2, 3])]
    assert str(found[0]) == "'abcd' has [4] from token 2 on, the GGUF [3]"
    assert str(tokens.Difference("a", [1], [1, 5])) == "'a' has [] from token 1 on, the GGUF [5]"


def test_one_space_more_in_front_of_a_space_is_no_difference() -> None:
    def theirs(text: str) -> list[int]:
        return [9, *map(ord, text)]

    found = tokens.differences(lambda text: [*map(ord, text)], theirs, [" a", "a"])
    assert [one.text for one in found] == ["a"]


def test_another_vocabulary_of_the_same_size_is_caught(llama: Path, tmp_path: Path) -> None:
    import re

    other = configured(llama, tmp_path / "other")
    text = (other / "tokenizer.json").read_text(encoding="utf-8")
    stated = json.loads(text)
    ids = stated["model"]["vocab"]
    ids["a"], ids["b"] = ids["b"], ids["a"]
    (other / "tokenizer.json").write_text(json.dumps(stated), encoding="utf-8")
    file = gguf.converted(other, tmp_path / "a.gguf")
    with pytest.raises(BuildError, match="its pre-tokenizer is another one") as caught:
        tokens.check(llama, file, template=causal.CHAT_TEMPLATE)
    found = re.match(r"(\d+) of", str(caught.value))
    assert found is not None and int(found[1]) >= 40


def test_a_vocabulary_of_another_size_is_caught(llama: Path, tmp_path: Path) -> None:
    small = causal.tiny_llama(tmp_path / "small", vocabulary=352)
    file = gguf.converted(small, tmp_path / "a.gguf")
    with pytest.raises(
        BuildError, match="vocabulary has 352 tokens, its embedding 352 rows, the checkpoint's config 384"
    ):
        tokens.check(llama, file, template=causal.CHAT_TEMPLATE)


def test_a_tokenizer_that_is_larger_than_the_model_is_caught_before_converting(tmp_path: Path) -> None:
    folder = causal.tiny_llama(tmp_path / "small", vocabulary=352)
    tokens.check_fits(folder)
    causal.write_tokenizer(folder, vocabulary=384)
    with pytest.raises(BuildError, match=r"last token is 383, the model embeds 352.*belongs to another model"):
        tokens.check_fits(folder)


def test_a_chat_template_that_was_lost_is_caught(llama: Path, llama_f16: Path, tmp_path: Path) -> None:
    lost = gguf.rewritten(llama_f16, tmp_path / "lost.gguf", tokenizer__chat_template=None)
    with pytest.raises(BuildError, match="the chat template was lost: the checkpoint has one and the GGUF has none"):
        tokens.check(llama, lost, template=causal.CHAT_TEMPLATE)


def test_a_chat_template_that_changed_is_caught(llama: Path, llama_f16: Path, tmp_path: Path) -> None:
    changed = gguf.rewritten(llama_f16, tmp_path / "a.gguf", tokenizer__chat_template="{{ messages }}")
    with pytest.raises(BuildError, match="another chat template than the checkpoint"):
        tokens.check(llama, changed, template=causal.CHAT_TEMPLATE)


def test_texts_that_start_otherwise_are_caught(llama: Path, llama_f16: Path, tmp_path: Path) -> None:
    with_bos = gguf.rewritten(llama_f16, tmp_path / "a.gguf", tokenizer__ggml__add_bos_token=True)
    with pytest.raises(BuildError, match="does not start texts with BOS, the GGUF does: state `add_bos_token`"):
        tokens.check(llama, with_bos, template=causal.CHAT_TEMPLATE)
    trained_with = configured(llama, tmp_path / "c", add_bos_token=True)
    with pytest.raises(BuildError, match="starts texts with BOS, the GGUF does not"):
        tokens.check(trained_with, llama_f16, template=causal.CHAT_TEMPLATE)


def test_bos_twice_is_caught_and_can_be_written_once(llama: Path, tmp_path: Path) -> None:
    template = "{{ bos_token }}" + causal.CHAT_TEMPLATE
    both = configured(llama, tmp_path / "both", add_bos_token=True, chat_template=template)
    file = gguf.converted(both, tmp_path / "a.gguf")
    with pytest.raises(BuildError, match=r"start with <\|startoftext\|> twice: .* set `bos: once`"):
        tokens.check(both, file, template=template)
    overlay = tokens.overlay(both)
    from zoosmith.toolkit.gguf import convert

    convert.convert(both, tmp_path / "b.gguf", "f16", converter=gguf.converter(), overlay=overlay)
    assert tokens.check(both, tmp_path / "b.gguf", template=overlay[tokens.TEMPLATE_FILE]) == len(PROBES)


def test_bos_by_the_template_alone_is_fine(llama: Path, tmp_path: Path) -> None:
    template = "{{ bos_token }}" + causal.CHAT_TEMPLATE
    alone = configured(llama, tmp_path / "alone", chat_template=template)
    assert tokens.check(alone, gguf.converted(alone, tmp_path / "a.gguf"), template=template) == len(PROBES)


def test_without_a_chat_template_there_is_nothing_to_lay_over(tmp_path: Path) -> None:
    assert tokens.overlay(causal.tiny_llama(tmp_path / "c", chat=False)) == {}


def test_a_file_that_llama_cpp_cannot_open_is_told(llama_f16: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.gguf").write_bytes(llama_f16.read_bytes()[:3000])
    with pytest.raises(BuildError, match=r"llama\.cpp cannot open cut\.gguf: "):
        Vocabulary(tmp_path / "cut.gguf")


def test_a_vocabulary_closes_twice(llama_f16: Path, llama: Path) -> None:
    opened = Vocabulary(llama_f16)
    assert opened.size == causal.VOCABULARY == len(FolderTokenizer(llama)._tokenizer.get_vocab())
    opened.close()
    opened.close()
