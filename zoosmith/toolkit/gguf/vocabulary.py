"""The tokenizer inside a GGUF file, as llama.cpp runs it; no weights are loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import library


class Vocabulary:
    """Token ids of texts. Close it, or use it in a `with`: llama.cpp's memory is not Python's."""

    def __init__(self, file: Path) -> None:
        """Open the file's vocabulary. Raises BuildError with llama.cpp's reason where it cannot."""
        llama = library.load()
        params = llama.llama_model_default_params()
        params.vocab_only = True
        with library.captured() as log:
            self._model = llama.llama_model_load_from_file(bytes(file), params)
        if not self._model:
            raise BuildError(f"llama.cpp cannot open {file.name}: {library.reason(log, 'it does not say why')}")
        self._llama, self._vocab = llama, llama.llama_model_get_vocab(self._model)

    def __enter__(self) -> Vocabulary:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free it; a second time does nothing."""
        if self._model:
            self._llama.llama_model_free(self._model)
            self._model = None

    def __len__(self) -> int:
        """Tokens that it has, padding to the size of the embedding among them."""
        return int(self._llama.llama_vocab_n_tokens(self._vocab))

    @property
    def bos(self) -> int:
        """Id of the token that starts a text, -1 where there is none."""
        return int(self._llama.llama_vocab_bos(self._vocab))

    @property
    def adds_bos(self) -> bool:
        """Whether texts are started with it, as the model was trained."""
        return bool(self._llama.llama_vocab_get_add_bos(self._vocab))

    @property
    def chat_template(self) -> str | None:
        """The Jinja template of a conversation, where the file has one."""
        found = self._llama.llama_model_chat_template(self._model, None)
        return found.decode("utf-8") if found else None

    def text(self, token: int) -> str:
        """The token as the vocabulary writes it, such as "<|im_end|>"."""
        return str(self._llama.llama_vocab_get_text(self._vocab, token).decode("utf-8", "replace"))

    @property
    def ends(self) -> list[int]:
        """Ids of the tokens at which llama.cpp ends a generation."""
        return [token for token in range(len(self)) if self._llama.llama_vocab_is_eog(self._vocab, token)]

    def tokenize(self, text: str, *, special: bool = False, parse_special: bool = False) -> list[int]:
        """Ids of a text. special: with BOS where the model wants it. parse_special: "<s>" in it is that token."""
        raw = text.encode("utf-8")
        room = len(raw) + 8
        tokens: Any = (self._llama.llama_token * room)()
        count = self._llama.llama_tokenize(self._vocab, raw, len(raw), tokens, room, special, parse_special)
        if count < 0:  # more tokens than bytes: a normaliser that lengthens the text
            tokens = (self._llama.llama_token * -count)()
            count = self._llama.llama_tokenize(self._vocab, raw, len(raw), tokens, -count, special, parse_special)
        return list(tokens[:count])
