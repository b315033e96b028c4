"""Whether a GGUF's tokenizer is the checkpoint's: its ids on many texts, its size, its chat template, its BOS.

A wrong tokenizer fails in silence: llama.cpp opens such a file and generates. So every build compares. Token ids are
compared without BOS and without parsing special tokens out of the text, which llama.cpp and transformers do apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import header
from zoosmith.toolkit.gguf.probes import PROBES
from zoosmith.toolkit.gguf.vocabulary import Vocabulary

TEMPLATE_FILE = "chat_template.jinja"
Tokenize = Callable[[str], list[int]]


class Difference(NamedTuple):
    """A text that becomes other tokens."""

    text: str
    checkpoint: list[int]
    gguf: list[int]


def check(checkpoint: Path, file: Path, texts: Sequence[str] = PROBES, *, template: str | None) -> int:
    """Compare all of it, and return on how many texts ids were compared. Raises BuildError with the cause.

    template: the chat template that the GGUF should have.
    """
    special = special_texts(checkpoint)
    texts = [text for text in texts if not any(token in text for token in special.values())]
    with Vocabulary(file) as vocabulary:
        check_size(checkpoint, file, len(vocabulary))
        found = differences(checkpoint_tokenizer(checkpoint), vocabulary.tokenize, texts)
        if found:
            raise BuildError(_said(found, len(texts), checkpoint))
        check_template(template, vocabulary.chat_template)
        check_bos(vocabulary, special)
    return len(texts)


def checkpoint_tokenizer(folder: Path) -> Tokenize:
    """The tokenizer in `folder`: tokenizer.json, else SentencePiece's tokenizer.model. Raises BuildError."""
    if (folder / "tokenizer.json").is_file():
        from tokenizers import Tokenizer

        fast = Tokenizer.from_file(str(folder / "tokenizer.json"))
        fast.no_truncation()
        fast.no_padding()
        return lambda text: list(fast.encode(text, add_special_tokens=False).ids)
    if (folder / "tokenizer.model").is_file():
        from sentencepiece import SentencePieceProcessor

        pieces = SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
        return lambda text: list(pieces.encode(text))
    raise BuildError("there is no tokenizer beside the weights: neither tokenizer.json nor tokenizer.model")


def differences(mine: Tokenize, theirs: Tokenize, texts: Sequence[str] = PROBES) -> list[Difference]:
    """Texts of which the two tokenizers make other ids.

    llama.cpp puts SentencePiece's space in front of a text that has one already, which tokenizer.json does not: no
    text in the middle of a prompt is concerned, so that one token more in front of a leading space is no difference.
    """
    both = (Difference(text, mine(text), theirs(text)) for text in texts)
    return [one for one in both if one.checkpoint != one.gguf and not _one_space_more(one)]


def _one_space_more(one: Difference) -> bool:
    return one.text.startswith(" ") and one.gguf[1:] == one.checkpoint


def _said(found: list[Difference], count: int, checkpoint: Path) -> str:
    shown = "; ".join(f"{one.text!r} is {one.checkpoint[:8]} here and {one.gguf[:8]} in the GGUF" for one in found[:3])
    cause = "its pre-tokenizer is another one in llama.cpp"
    if not (checkpoint / "tokenizer.model").is_file() and _has_byte_tokens(checkpoint):
        cause = (
            "this is a SentencePiece vocabulary without its tokenizer.model, which transformers 5 does not write when "
            "it saves a tokenizer: copy the base's tokenizer files byte for byte instead"
        )
    return f"{len(found)} of {count} texts become other tokens in the GGUF than in the checkpoint ({shown}): {cause}"


def _has_byte_tokens(checkpoint: Path) -> bool:
    file = checkpoint / "tokenizer.json"
    return file.is_file() and bool(json.loads(file.read_text(encoding="utf-8"))["model"].get("byte_fallback"))


def check_size(checkpoint: Path, file: Path, size: int) -> None:
    """Raise BuildError where the GGUF's vocabulary has another size than its embedding or the checkpoint's config."""
    config = _json(checkpoint / "config.json")
    asked = config.get("vocab_size", config.get("text_config", {}).get("vocab_size"))
    rows = next((t.shape[1] for t in header.read(file).tensors if t.name == "token_embd.weight"), size)
    if size != rows or (asked is not None and size != asked):
        raise BuildError(
            f"the GGUF's vocabulary has {size} tokens, its embedding {rows} rows, the checkpoint's config {asked}: it "
            "belongs to another model; put the base's own tokenizer files beside its weights"
        )


def check_fits(checkpoint: Path) -> None:
    """Raise BuildError, before anything is converted, where the tokenizer gives ids that the model does not embed."""
    file, config = checkpoint / "tokenizer.json", _json(checkpoint / "config.json")
    rows = config.get("vocab_size", config.get("text_config", {}).get("vocab_size"))
    if not file.is_file() or rows is None:
        return
    tokenizer = _json(file)
    ids = [*dict(tokenizer["model"]["vocab"]).values()] if isinstance(tokenizer["model"]["vocab"], dict) else []
    largest = max([*ids, *(token["id"] for token in tokenizer.get("added_tokens", []))], default=-1)
    if largest >= rows:
        raise BuildError(f"the tokenizer has token {largest}, the model embeds {rows}: it belongs to another model")


def chat_template(folder: Path) -> str | None:
    """The checkpoint's chat template as transformers finds it: chat_template.jinja, else tokenizer_config.json."""
    if (folder / TEMPLATE_FILE).is_file():
        return (folder / TEMPLATE_FILE).read_text(encoding="utf-8")
    stated = _json(folder / "tokenizer_config.json").get("chat_template")
    if isinstance(stated, list):  # several under names
        stated = next((one["template"] for one in stated if one["name"] == "default"), None)
    return stated


def check_template(expected: str | None, found: str | None) -> None:
    """Raise BuildError where the chat template was lost, changed or made up."""
    if expected == found:
        return
    if found is None:
        raise BuildError(
            "the chat template was lost: the checkpoint has one and the GGUF has none, so that conversations would be "
            "put to it as plain text; keep chat_template.jinja or tokenizer_config.json beside the weights"
        )
    raise BuildError(
        "the GGUF has another chat template than the checkpoint: are chat_template.jinja and tokenizer_config.json of "
        "one version?"
    )


def special_texts(folder: Path) -> dict[str, str]:
    """Texts of the special tokens that templates use, such as bos_token, out of tokenizer_config.json."""
    config = _json(folder / "tokenizer_config.json") | _json(folder / "special_tokens_map.json")
    found = {key: value.get("content") if isinstance(value, dict) else value for key, value in config.items()}
    return {key: value for key, value in found.items() if key.endswith("_token") and isinstance(value, str)}


def rendered(template: str, special: dict[str, str]) -> str:
    """A conversation of one question through a chat template, in jinja's sandbox. Raises BuildError where it fails."""
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.globals |= {"raise_exception": refuse, "strftime_now": lambda layout: "2024-01-01"}
    question: list[dict[str, Any]] = [{"role": "user", "content": "Hello"}]
    try:
        return environment.from_string(template).render(messages=question, add_generation_prompt=True, **special)
    except TemplateError as error:
        raise BuildError(f"the chat template cannot be rendered: {error}") from error


def check_bos(vocabulary: Vocabulary, special: dict[str, str]) -> None:
    """Raise BuildError where a conversation starts with BOS twice: once by the template and once by the tokenizer."""
    template = vocabulary.chat_template
    if template is None or not vocabulary.adds_bos:
        return
    ids = vocabulary.tokenize(rendered(template, special), special=True, parse_special=True)
    if ids[:2] == [vocabulary.bos] * 2:
        raise BuildError(
            f"conversations would start with {vocabulary.text(vocabulary.bos)} twice: the chat template writes it and "
            "the tokenizer adds it; set `bos: once`, which keeps the tokenizer's and leaves out the template's"
        )


def overlay(folder: Path) -> dict[str, str]:
    """Files for the converter in which the chat template leaves BOS to the tokenizer: bos_token is empty in it."""
    template = chat_template(folder)
    if template is None:
        return {}
    config = _json(folder / "tokenizer_config.json")
    config.pop("chat_template", None)
    return {
        TEMPLATE_FILE: "{%- set bos_token = '' -%}" + template,
        "tokenizer_config.json": json.dumps(config, indent=2, ensure_ascii=False),
    }


def _json(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
