"""Causal language models as GGUF, opened by llama.cpp's own reader."""

from __future__ import annotations

import ctypes
import logging
import weakref
from collections.abc import Sequence
from pathlib import Path

from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.requests import CausalSession
from zoosmith.toolkit.causal.windows import context_of
from zoosmith.toolkit.gguf.library import captured, load, reason
from zoosmith.toolkit.gguf.sequence import KV_TYPES, GgufSequence
from zoosmith.toolkit.gguf.tokenizer import GgufTokenizer
from zoosmith.toolkit.gguf.types import DEFAULT_KV_TYPE

TEMPLATE_KEY = b"tokenizer.chat_template"


class GgufCausal(CausalSession):
    """A GGUF of a causal language model, with the tokenizer and the chat template inside.

    trained: tokens of context that the model was trained on; `context` is what is held, by default 2048 at most, for a
    KV cache is allocated whole.
    kv_type: what it keeps keys and values in, one of KV_TYPES.
    """

    def __init__(
        self,
        file: Path,
        threads: int = 1,
        context: int | None = None,
        mmap: bool = True,
        kv_type: str = DEFAULT_KV_TYPE,
    ) -> None:
        """Open a file with `threads` threads.

        mmap: weights stay in the page cache instead of being copied into memory of our own. kv_type: one of KV_TYPES.
        Raises ZooError for what is missing, damaged, of an unknown architecture or no causal language model.
        """
        if kv_type not in KV_TYPES:
            raise ZooError(f"a KV cache is one of {', '.join(KV_TYPES)}; found {kv_type!r}")
        self._library, self._model = load(), _Model(file, mmap)
        self._threads, self.kv_type = threads, kv_type
        self._tokenizer = GgufTokenizer(self._library, self._library.llama_model_get_vocab(self._model.pointer))
        if not self._library.llama_vocab_type(self._library.llama_model_get_vocab(self._model.pointer)):
            raise ZooError(f"{file} holds no tokenizer: build it from a folder that has one")
        self.trained: int = self._library.llama_model_n_ctx_train(self._model.pointer)
        self.context = context_of(self.trained, context)
        self.vocabulary = self._tokenizer.size
        self.bos, self.eos, self.adds_bos = self._tokenizer.bos, self._tokenizer.eos, self._tokenizer.adds_bos
        self.chat_template = self._model.metadata(TEMPLATE_KEY)
        self._decoders: weakref.WeakSet[GgufSequence] = weakref.WeakSet()

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Token ids of the text alone, without BOS or an end token."""
        return self._open().encode(text, special=special)

    def detokenize(self, ids: Sequence[int]) -> str:
        """Text of tokens, without special ones."""
        return self._open().detokenize(ids)

    def is_end(self, token: int) -> bool:
        """Whether llama.cpp ends a generation with this token."""
        return self._open().is_end(token)

    def name_of(self, token: int) -> str:
        """How a special token is written."""
        return self._open().name_of(token)

    def decoder(self) -> GgufSequence:
        """A sequence with a KV cache of its own, whose memory is allocated now. Raises ZooError where there is none."""
        self._open()
        sizes = (self.vocabulary, self.context, self._threads, self.kv_type)
        made = GgufSequence(self._library, self._model, *sizes)
        self._decoders.add(made)
        return made

    def close(self) -> None:
        """Free the weights and every KV cache now; decoders and requests fail from here on. May be called again."""
        for decoder in list(self._decoders):
            decoder.close()
        self._own = None
        self._model.close()

    def _open(self) -> GgufTokenizer:
        if not self._model.close.alive:
            raise ZooError("this session is closed: open the file again")
        return self._tokenizer


class _Model:
    """A `llama_model` that is freed with the last that holds it."""

    def __init__(self, file: Path, mmap: bool) -> None:
        if not file.is_file():
            raise ZooError(f"there is no file {file}")
        self._library = load()
        logging.getLogger("llama-cpp-python").setLevel(logging.ERROR)  # it prints sizes whenever a context is freed
        params = self._library.llama_model_default_params()
        params.n_gpu_layers = 0
        params.load_mode = self._library.LLAMA_LOAD_MODE_MMAP if mmap else self._library.LLAMA_LOAD_MODE_NONE
        with captured() as log:
            self.pointer = self._library.llama_model_load_from_file(str(file).encode(), params)
        if not self.pointer:
            said = [line for line in log if "error" in line] or log  # the last line says no more than that it failed
            why = reason(said, "it gave no reason")
            raise ZooError(f"llama.cpp cannot open {file}: {why}; fetch or build it again")
        self.close = weakref.finalize(self, self._library.llama_model_free, self.pointer)

    def metadata(self, key: bytes) -> str | None:
        """A value of the file's header as text, None where it has none."""
        size = self._library.llama_model_meta_val_str(self.pointer, key, None, 0)
        if size < 0:
            return None
        buffer = ctypes.create_string_buffer(size + 1)
        self._library.llama_model_meta_val_str(self.pointer, key, buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace")
