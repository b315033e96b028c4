"""Whether a GGUF's tokenizer is the checkpoint's: its ids on many texts, its size, its chat template, its BOS.

A wrong tokenizer fails in silence: llama.cpp opens such a file and generates. So every build compares. Ids are of texts
alone, without BOS and without special tokens in them, in which llama.cpp and transformers differ on purpose.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.causal import chat
from zoosmith.toolkit.causal.tokenizer import FolderTokenizer
from zoosmith.toolkit.gguf import header
from zoosmith.toolkit.gguf.probes import PROBES
from zoosmith.toolkit.gguf.vocabulary import Vocabulary

TEMPLATE_FILE = "chat_template.jinja"
Encode = Callable[[str], list[int]]
SHOWN = 6


class Difference(NamedTuple):
    """A text that becomes other tokens."""

    text: str
    checkpoint: list[int]
    gguf: list[int]

    def __str__(self) -> str:
        pairs = enumerate(zip(self.checkpoint, self.gguf, strict=False))
        first = next((i for i, (one, other) in pairs if one != other), min(len(self.checkpoint), len(self.gguf)))
        one, other = (ids[first : first + SHOWN] for ids in (self.checkpoint, self.gguf))
        return f"{self.text!r} has {one} from token {first} on, the GGUF {other}"


def check(checkpoint: Path, file: Path, *, template: str | None) -> int:
    """Compare all of it, and return on how many texts ids were compared. Raises BuildError with the cause.

    template: the chat template that the GGUF should have.
    """
    theirs = FolderTokenizer(checkpoint)
    with Vocabulary(file) as mine:
        check_size(checkpoint, file, mine.size)
        found = differences(theirs.encode, mine.encode)
        if found:
            raise BuildError(_said(found, checkpoint))
        check_template(template, mine.chat_template)
        check_bos(theirs, mine)
    return len(PROBES)


def differences(mine: Encode, theirs: Encode, texts: Sequence[str] = PROBES) -> list[Difference]:
    """Texts of which two tokenizers, a checkpoint's and a GGUF's, make other ids.

    llama.cpp puts SentencePiece's space in front of a text that has one already, which tokenizer.json does not: no
    text in the middle of a prompt is concerned, so that one token more in front of a leading space is no difference.
    """
    both = (Difference(text, mine(text), theirs(text)) for text in texts)
    return [one for one in both if one.checkpoint != one.gguf and not _one_space_more(one)]


def _one_space_more(one: Difference) -> bool:
    return one.text.startswith(" ") and one.gguf[1:] == one.checkpoint


def _said(found: list[Difference], checkpoint: Path) -> str:
    cause = "its pre-tokenizer is another one in llama.cpp"
    pieces = _json(checkpoint / "tokenizer.json")["model"]
    if pieces.get("byte_fallback") and not (checkpoint / "tokenizer.model").is_file():
        cause = (
            "this is a SentencePiece vocabulary without its tokenizer.model, which transformers 5 does not write when "
            "it saves a tokenizer: copy the base's tokenizer files byte for byte instead"
        )
    shown = "; ".join(map(str, found[:3]))
    return f"{len(found)} of {len(PROBES)} texts become other tokens in the GGUF: {cause} ({shown})"


def check_size(checkpoint: Path, file: Path, size: int) -> None:
    """Raise BuildError where the GGUF's vocabulary has another size than its embedding or the checkpoint's config."""
    asked = _embedded(checkpoint)
    rows = next((t.shape[1] for t in header.read(file).tensors if t.name == "token_embd.weight"), size)
    if size != rows or (asked is not None and size != asked):
        raise BuildError(
            f"the GGUF's vocabulary has {size} tokens, its embedding {rows} rows, the checkpoint's config {asked}: it "
            "belongs to another model; put the base's own tokenizer files beside its weights"
        )


def check_fits(checkpoint: Path) -> None:
    """Raise BuildError, before anything is converted, where the tokenizer gives ids that the model does not embed."""
    rows, tokenizer = _embedded(checkpoint), _json(checkpoint / "tokenizer.json")
    pieces = tokenizer.get("model", {}).get("vocab", {})
    ids = [*(pieces.values() if isinstance(pieces, dict) else range(len(pieces)))]
    largest = max([*ids, *(token["id"] for token in tokenizer.get("added_tokens", []))], default=-1)
    if rows is not None and largest >= rows:
        raise BuildError(
            f"the tokenizer's last token is {largest}, the model embeds {rows}, of which the last is {rows - 1}: it "
            "belongs to another model; put the base's own tokenizer files beside its weights"
        )


def _embedded(checkpoint: Path) -> int | None:
    """Tokens that the model embeds, as config.json says."""
    config = _json(checkpoint / "config.json")
    rows: int | None = config.get("vocab_size", config.get("text_config", {}).get("vocab_size"))
    return rows


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


def check_bos(theirs: FolderTokenizer, mine: Vocabulary) -> None:
    """Raise BuildError where texts start otherwise than in the checkpoint, or conversations with BOS twice.

    BOS of a conversation is written by the template or added by the tokenizer; where both do it, it stands there twice.
    """
    if theirs.adds_bos != mine.adds_bos:
        mine_does, gguf_does = ("starts", "does not") if theirs.adds_bos else ("does not start", "does")
        raise BuildError(
            f"the checkpoint {mine_does} texts with BOS, the GGUF {gguf_does}: state `add_bos_token` in "
            "tokenizer_config.json as it was trained"
        )
    if mine.chat_template is None or mine.bos is None or not mine.adds_bos:
        return
    bos = mine.name_of(mine.bos)
    eos = "" if mine.eos is None else mine.name_of(mine.eos)
    text = chat.render(mine.chat_template, [{"role": "user", "content": "Hello"}], bos=bos, eos=eos)
    if [mine.bos, *mine.encode(text, special=True)][:2] == [mine.bos] * 2:
        raise BuildError(
            f"conversations would start with {bos} twice: the chat template writes it and the tokenizer adds it; set "
            "`bos: once`, which keeps the tokenizer's and leaves out the template's"
        )


def overlay(checkpoint: Path) -> dict[str, str]:
    """Files for the converter in which the chat template leaves BOS to the tokenizer: bos_token is empty in it."""
    template = FolderTokenizer(checkpoint).chat_template
    if template is None:
        return {}
    config = _json(checkpoint / "tokenizer_config.json")
    config.pop("chat_template", None)
    return {
        TEMPLATE_FILE: "{%- set bos_token = '' -%}" + template,
        "tokenizer_config.json": json.dumps(config, indent=2, ensure_ascii=False),
    }


def _json(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
