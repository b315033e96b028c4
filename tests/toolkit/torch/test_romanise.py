"""Letters of other scripts are read as Latin ones, by tokenizer.json and by transformers alike."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from builders.finetune import Params
from tests.support.job import Family, Made
from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.torch.romanise import reading, spellings

WORDS = {
    "Никифоров": "nikiforov",
    "аბრამ": "abram",
    "ԱԴՅԱՆ": "adyan",
    "Μποζίκη": "mpoziki",
    "Юрий": "yuriy",
    "Łukasz": "lukasz",
    "ßtraße": "sstrasse",
    "Müller": "muller",
    "O'Brien": "o'brien",
    "東京": " 東  京 ",
}
QUICK = {"epochs": 1, "batch_size": 16, "autocast": "none"}


@pytest.fixture(scope="module")
def made(family: Family, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return family.again("finetune", tmp_path_factory.mktemp("romanised"), params=QUICK | {"romanise": True})


@pytest.mark.parametrize("word", WORDS)
def test_the_normaliser_spells_words_in_latin_letters(made: Made, word: str) -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(made.out / "tokenizer.json"))
    assert tokenizer.normalizer.normalize_str(word) == WORDS[word]


def test_every_spelling_is_ascii_and_none_changes_what_a_tokenizer_does_with_accents() -> None:
    found = spellings()
    assert all(latin.isascii() for latin in found.values())
    assert len(found) > 400
    assert {"ä", "é", "Å", "ñ", "a", "Z"}.isdisjoint(found)
    small = spellings(small=True)
    assert small == {letter: latin for letter, latin in found.items() if letter in small}
    assert not [letter for letter in small if letter.isupper()]


def test_a_word_in_another_script_is_the_word_to_the_model_and_to_transformers(made: Made) -> None:
    import transformers

    opened, theirs = made.opened(), transformers.AutoTokenizer.from_pretrained(made.out)

    def ids(text: str) -> list[int]:
        return opened.task.encode([opened.task.unlabelled(text)])["input_ids"][0].tolist()

    for text, latin in (("гоод филм и актор", "good film i aktor"), ("THE good Film", "the good film")):
        assert ids(text) == ids(latin)
        assert 1 not in ids("гоод филм")  # the unknown token
        read = theirs(text)
        assert list(read["input_ids"]) == ids(text)
        assert "token_type_ids" in read


def test_the_artifact_says_so_and_others_are_as_they_were(family: Family, made: Made) -> None:
    assert made.facts["romanised_letters"] == len(spellings(small=True))
    assert json.loads((made.out / "tokenizer_config.json").read_text())["tokenizer_class"] == "PreTrainedTokenizerFast"
    plain = family.made("finetune")
    assert "romanised_letters" not in plain.facts
    before = family.parent("body").path
    assert (plain.out / "tokenizer.json").read_bytes() == (before / "tokenizer.json").read_bytes()


def test_a_language_model_is_refused(made: Made) -> None:
    class Causal:
        auto_model = "AutoModelForCausalLM"

    job = replace(made.job, params=Params(romanise=True), task=Causal())  # type: ignore[arg-type]
    with pytest.raises(BuildError, match="romanise is for encoders"):
        reading(job)
