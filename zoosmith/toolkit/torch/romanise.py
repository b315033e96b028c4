"""Letters of other scripts read as Latin ones, by the tokenizer itself.

A vocabulary made of English text has few words in other scripts, and of some scripts (Georgian in BERT's) not even the
letters: every word is then the unknown token. Spelt in Latin letters, a word is read as pieces that the model knows.
The spellings become a normaliser of tokenizer.json, so whatever reads that file reads the text in the same way.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel

from zoosmith.contract.errors import BuildError
from zoosmith.contract.job import Job
from zoosmith.toolkit.torch import sessions, tokenizer_facts

BLOCKS = (
    (0x00C0, 0x017F),  # Latin with accents and strokes
    (0x0386, 0x03CE),  # Greek
    (0x0400, 0x045F),  # Cyrillic of Slavic languages
    (0x0490, 0x04FF),  # Cyrillic of others
    (0x0531, 0x0587),  # Armenian
    (0x10D0, 0x10F0),  # Georgian
)
OF_NORMALISERS = ("do_lower_case", "strip_accents", "tokenize_chinese_chars", "do_basic_tokenize", "never_split")
INPUTS = ("input_ids", "token_type_ids", "attention_mask")


class Romanising(BaseModel):
    """romanise: the tokenizer spells Latin, Greek, Cyrillic, Armenian and Georgian letters in a to z before it looks
    words up, each by itself as anyascii does (https://github.com/anyascii/anyascii). For vocabularies of English.
    """

    romanise: bool = False


def reading(job: Job) -> Job:
    """The job, reading with the tokenizer in `job.out`, which romanises if its parameters say so.

    Raises BuildError for a language model: its vocabulary holds every byte, and llama.cpp reads no normaliser.
    """
    if not job.params.romanise:
        return job
    if job.task.auto_model == sessions.CAUSAL:
        raise BuildError("romanise is for encoders; a language model's vocabulary has the bytes of every letter")
    job.fact("romanised_letters", romanise(job.out / "tokenizer.json"))
    _as_written(job.out / "tokenizer_config.json")
    return replace(job, task=replace(job.task, folder=job.out))  # type: ignore[type-var]  # tasks are dataclasses


def romanise(file: Path) -> int:
    """Put the spellings in front of the normaliser of a tokenizer.json; how many there are.

    Each costs time with every text, so those of capitals are left out where all letters become small ones anyway.
    """
    from tokenizers import Tokenizer, normalizers

    tokenizer = Tokenizer.from_file(str(file))
    small = bool(tokenizer_facts.lowers(tokenizer))
    spelt = spellings(small=small)
    before = [normalizers.NFC(), *([normalizers.Lowercase()] if small else [])]
    replacing = [normalizers.Replace(letter, latin) for letter, latin in spelt.items()]
    after = [] if tokenizer.normalizer is None else [tokenizer.normalizer]
    tokenizer.normalizer = normalizers.Sequence([*before, *replacing, *after])
    tokenizer.save(str(file))
    return len(spelt)


def _as_written(file: Path) -> None:
    """Have transformers read tokenizer.json as it is: a class of its own would put its own normaliser in place."""
    stated = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    kept = {name: value for name, value in stated.items() if name not in OF_NORMALISERS}
    made = kept | {"tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": list(INPUTS)}
    file.write_text(json.dumps(made, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def spellings(*, small: bool = False) -> dict[str, str]:
    """Letter -> what stands for it, of small letters only if asked.

    Letters that are Latin ones once their accents are off are left to the tokenizer, which treats accents as it learnt.
    """
    from anyascii import anyascii

    letters = (chr(code) for first, last in BLOCKS for code in range(first, last + 1))
    latin = {letter: anyascii(letter) for letter in letters if letter.isalpha() and not (small and letter.isupper())}
    return {letter: spelt for letter, spelt in latin.items() if spelt and _bare(letter) != spelt}


def _bare(letter: str) -> str:
    return unicodedata.normalize("NFD", letter)[0]
