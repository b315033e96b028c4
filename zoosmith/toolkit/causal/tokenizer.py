"""The tokenizer of a transformers checkpoint, from its files, with the package `tokenizers` alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from zoosmith.common.safe import parse_json
from zoosmith.contract.errors import ZooError


class FolderTokenizer:
    """Text to ids and back by tokenizer.json, and what the files beside it say about special tokens.

    bos, eos: token ids, None where there is none. adds_bos: each text begins with BOS.
    ends: ids of all tokens that end an answer, those of generation_config.json and config.json among them.
    chat_template: Jinja2 source, None where there is none.
    """

    def __init__(self, folder: Path) -> None:
        """Read the files. Raises ZooError where tokenizer.json is missing or a file is damaged."""
        self._turn = Lock()
        self._tokenizer = _tokenizer(folder / "tokenizer.json")
        config, model = _json(folder / "tokenizer_config.json"), _json(folder / "config.json")
        special = _json(folder / "special_tokens_map.json") | config
        self.bos = self._special(special.get("bos_token"), model.get("bos_token_id"))
        self.eos = self._special(special.get("eos_token"), model.get("eos_token_id"))
        self.adds_bos = self._adds_bos(config.get("add_bos_token"))
        declared = (_ids(source.get("eos_token_id")) for source in (model, _json(folder / "generation_config.json")))
        self.ends = frozenset({*([] if self.eos is None else [self.eos]), *(i for ids in declared for i in ids)})
        self.chat_template = _chat_template(folder / "chat_template.jinja", config.get("chat_template"))

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Ids of the text alone. special: names of special tokens mean these, as in a rendered chat template."""
        clean = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate is no text
        with self._turn:  # what special names mean is a state of the tokenizer
            self._tokenizer.encode_special_tokens = not special
            ids: list[int] = self._tokenizer.encode(clean, add_special_tokens=False).ids
        return ids

    def detokenize(self, ids: Sequence[int]) -> str:
        """Text without special tokens."""
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
        return text

    def name_of(self, token: int) -> str:
        """How a token stands in the vocabulary. Raises ZooError where it does not."""
        name: str | None = self._tokenizer.id_to_token(token)
        if name is None:
            raise ZooError(f"the vocabulary of tokenizer.json has no token {token}: it is of another model")
        return name

    def _special(self, token: Any, declared: Any) -> int | None:
        """The id of a token given as text or as an object with `content`; else the one that config.json declares."""
        name = token.get("content") if isinstance(token, dict) else token
        found: int | None = self._tokenizer.token_to_id(name) if isinstance(name, str) else None
        return next(iter(_ids(declared)), None) if found is None else found

    def _adds_bos(self, said: Any) -> bool:
        """An explicit `add_bos_token`, else what the post-processor of tokenizer.json does.

        So decide transformers 4 and llama.cpp's converter. transformers 5 looks at tokenizer.json alone: where the two
        files disagree, it starts texts in another way than the GGUF of the same folder does.
        """
        if self.bos is None:
            return False
        if isinstance(said, bool):
            return said
        ids: list[int] = self._tokenizer.encode("", add_special_tokens=True).ids
        return ids[:1] == [self.bos]


def _tokenizer(file: Path) -> Any:
    from tokenizers import Tokenizer

    if not file.is_file():
        raise ZooError(f"{file.parent} has no tokenizer.json: add the one that the model was trained with")
    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the package raises nothing narrower
        raise ZooError(f"{file} is no tokenizer that the package `tokenizers` reads: {error}") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _json(file: Path) -> dict[str, Any]:
    """A JSON object; {} where there is no such file. Raises ZooError where it is damaged."""
    if not file.is_file():
        return {}
    found = parse_json(file.read_bytes(), str(file))
    if not isinstance(found, dict):
        raise ZooError(f"{file} holds no JSON object")
    return found


def _ids(declared: Any) -> list[int]:
    """Token ids as configs give them: one, several or none."""
    return [i for i in (declared if isinstance(declared, list) else [declared]) if isinstance(i, int)]


def _chat_template(file: Path, inline: Any) -> str | None:
    """chat_template.jinja, else the one in tokenizer_config.json: a text, or a list where one is named default."""
    if file.is_file():
        return file.read_text(encoding="utf-8")
    if isinstance(inline, list):
        inline = {entry.get("name"): entry.get("template") for entry in inline}.get("default")
    return inline if isinstance(inline, str) else None
