"""Whether tokenizer.json says what the files beside it say: artifacts read text with tokenizer.json alone.

transformers lets tokenizer_config.json overrule parts of tokenizer.json, and makes up what neither states; a checkpoint
whose files disagree was trained with one of them, and would be measured with the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import BuildError

SPECIAL = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token", "bos_token", "eos_token")
CASED = re.compile(r"(?![\[<].*[\]>]$).*[A-Z]")  # [CLS], <S> and [unused7] are no words
FEW = 0.01  # share of the vocabulary that is an accident
PROBES = (
    "The Quick brown fox, and IT jumps!",
    "a naïve Café in Zürich costs 12.50 €",
    "東京の天気 is good",
    "don't  stop\tnow\nplease -- ok?",
    "Иван Петров, WASHINGTON D.C., 1,000,000",
)


def check(tokenizer: Any, folder: Path, config: Any, *, special: bool) -> None:
    """Raise BuildError where the files in `folder` contradict its tokenizer.json.

    tokenizer: `tokenizers.Tokenizer` of it. config: of the transformers model. special: compare the tokens that
    begin and end a text too.
    """
    stated = _json(folder / "special_tokens_map.json") | _json(folder / "tokenizer_config.json")
    _check_case(tokenizer, stated)
    for name in SPECIAL:
        token = stated.get(name)
        text = token.get("content") if isinstance(token, dict) else token
        if text is not None and tokenizer.token_to_id(str(text)) is None:
            raise BuildError(
                f"tokenizer_config.json or special_tokens_map.json names {text!r} as {name}, which tokenizer.json does "
                "not have: they belong to two tokenizers; take all files from one checkpoint"
            )
    _compare(tokenizer, folder, config, special=special)


def _check_case(tokenizer: Any, stated: Mapping[str, Any]) -> None:
    """A tokenizer that lower-cases never gives a token with a capital letter: such a vocabulary is another's."""
    small = lowers(tokenizer)
    said = stated.get("do_lower_case")
    if isinstance(said, bool) and small is not None and said != small:
        raise BuildError(
            f"tokenizer_config.json says do_lower_case: {json.dumps(said)}, and tokenizer.json "
            f"{'lower-cases' if small else 'does not'}: they are at odds; let both say what it was trained with"
        )
    words = tokenizer.get_vocab(with_added_tokens=False).keys()
    added = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    cased = sorted(word for word in words - added if CASED.match(word))
    if small and len(cased) > max(FEW * len(words), 1):
        raise BuildError(
            f"the tokenizer lower-cases, and its vocabulary has {len(cased)} tokens with capital letters, such as "
            f"{cased[len(cased) // 2]!r}, which it can then never give; state `do_lower_case: false` in the base's "
            "tokenizer_config.json (it is made so where the base has a vocab.txt alone), or add its tokenizer.json"
        )


def lowers(tokenizer: Any) -> bool | None:
    """Whether a `tokenizers.Tokenizer` makes all letters small; None where it has no normaliser that may."""
    return _lowers(json.loads(tokenizer.to_str()).get("normalizer"))


def _lowers(normalizer: Any) -> bool | None:
    """Of a normaliser of tokenizer.json, or of those within it."""
    if not isinstance(normalizer, dict):
        return None
    if normalizer.get("type") == "Sequence":
        return any(_lowers(each) for each in normalizer.get("normalizers", ()))
    if normalizer.get("type") == "BertNormalizer":
        return bool(normalizer.get("lowercase", True))
    return True if normalizer.get("type") == "Lowercase" else None


def _compare(tokenizer: Any, folder: Path, config: Any, *, special: bool) -> None:
    """Raise BuildError where transformers reads a probe as other tokens; what it cannot open is not compared."""
    import transformers

    try:
        theirs = transformers.AutoTokenizer.from_pretrained(
            folder, config=config, local_files_only=True, trust_remote_code=False
        )
    except Exception:  # of a class of its own, or none that transformers knows: tokenizer.json alone is the truth
        return
    tokenizer.no_truncation()
    tokenizer.no_padding()
    for probe in PROBES:
        mine = tokenizer.encode(probe, add_special_tokens=special).ids
        other = theirs(probe, add_special_tokens=special)["input_ids"]
        if mine != list(other):
            raise BuildError(
                f"tokenizer.json reads {probe!r} as {mine[:12]}, and transformers, by the files beside it, as "
                f"{list(other)[:12]}: they are at odds; take both from one checkpoint"
            )


def _json(file: Path) -> dict[str, Any]:
    found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found if isinstance(found, dict) else {}
