"""The tokenizer inside a GGUF, as llama.cpp runs it."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any


class GgufTokenizer:
    """Text to ids and back. `library` is the module llama_cpp, `pointer` a `llama_vocab` that outlives this.

    size: number of tokens. bos, eos: ids, None where there is none. adds_bos: each text begins with BOS.
    """

    def __init__(self, library: Any, pointer: Any) -> None:
        """Read what the file says about special tokens."""
        self._library, self._pointer = library, pointer
        self.size: int = library.llama_vocab_n_tokens(pointer)
        self.bos = self._special(library.llama_vocab_bos(pointer))
        self.eos = self._special(library.llama_vocab_eos(pointer))
        self.adds_bos = self.bos is not None and bool(library.llama_vocab_get_add_bos(pointer))

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Ids of the text alone. special: names of special tokens mean these, as in a rendered chat template."""
        data = text.encode("utf-8", "replace")  # a lone surrogate is no text
        buffer = (self._library.llama_token * (len(data) + 2))()
        found = self._library.llama_tokenize(self._pointer, data, len(data), buffer, len(buffer), False, special)
        if found < 0:  # more tokens than bytes: no known tokenizer does that, but the library allows for it
            buffer = (self._library.llama_token * -found)()
            found = self._library.llama_tokenize(self._pointer, data, len(data), buffer, len(buffer), False, special)
        return list(buffer[:found])

    def detokenize(self, ids: Sequence[int]) -> str:
        """Text without special tokens; U+FFFD for bytes that are no character."""
        told = ids[1:] if self.bos is not None and list(ids[:1]) == [self.bos] else ids  # it would leave a space behind
        tokens = (self._library.llama_token * len(told))(*told)
        size = 16 * len(told) + 16
        while True:
            buffer = ctypes.create_string_buffer(size)
            found = self._library.llama_detokenize(self._pointer, tokens, len(told), buffer, size, False, False)
            if found >= 0:
                return buffer.raw[:found].decode("utf-8", "replace")
            size = -found

    def is_end(self, token: int) -> bool:
        """Whether the file, or llama.cpp by the token's name, has it as an end of generation."""
        return bool(self._library.llama_vocab_is_eog(self._pointer, token))

    def name_of(self, token: int) -> str:
        """How a token stands in the vocabulary."""
        name: bytes = self._library.llama_vocab_get_text(self._pointer, token)
        return name.decode("utf-8", "replace")

    @staticmethod
    def _special(token: int) -> int | None:
        return token if token >= 0 else None
