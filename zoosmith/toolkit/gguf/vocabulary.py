"""The tokenizer inside a GGUF file without the model around it: no weights are loaded."""

from __future__ import annotations

from pathlib import Path

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import library
from zoosmith.toolkit.gguf.tokenizer import GgufTokenizer


class Vocabulary(GgufTokenizer):
    """A file's tokenizer, for builders. Close it, or use it in a `with`: llama.cpp's memory is not Python's.

    chat_template: Jinja2 source, None where the file has none.
    """

    def __init__(self, file: Path) -> None:
        """Open the file's vocabulary. Raises BuildError with llama.cpp's reason where it cannot."""
        llama = library.load()
        params = llama.llama_model_default_params()
        params.vocab_only = True
        with library.captured() as log:
            self._model = llama.llama_model_load_from_file(bytes(file), params)
        if not self._model:
            raise BuildError(f"llama.cpp cannot open {file.name}: {library.reason(log, 'it does not say why')}")
        super().__init__(llama, llama.llama_model_get_vocab(self._model))
        template = llama.llama_model_chat_template(self._model, None)
        self.chat_template: str | None = template.decode("utf-8") if template else None

    def __enter__(self) -> Vocabulary:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Free it; a second time does nothing."""
        if self._model:
            with library.captured():  # it says how large it was
                self._library.llama_model_free(self._model)
            self._model = None
