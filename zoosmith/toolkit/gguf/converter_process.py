"""Runs llama.cpp's converter in a process of its own: python -P converter_process.py FOLDER ARGUMENT...

It imports nothing of ours: its folder is not on the path (-P), so that modules of it cannot hide packages.

llama.cpp knows a byte-level BPE tokenizer by a hash over what it makes of one text, which is another one for every
vocabulary, and refuses those that it has not listed. But the pre-tokenizer alone decides how text is cut: where
tokenizer.json states one that llama.cpp has, its name is given. Token ids are compared after every conversion.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def _by_hash_or_as_stated(by_hash: Callable[[Any, Any], str]) -> Callable[[Any, Any], str]:
    named = runpy.run_path(str(Path(__file__).with_name("pretokenizer.py")))["named"]

    def get_vocab_base_pre(self: Any, tokenizer: Any) -> str:
        try:
            return by_hash(self, tokenizer)
        except NotImplementedError:
            found: str | None = named(self.dir_model)
            if found is None:
                raise
            print(f"pre-tokenizer as tokenizer.json states it: {found}", file=sys.stderr)
            return found

    return get_vocab_base_pre


def main(converter: Path, *arguments: str) -> None:
    """Run the converter in the folder `converter` as its own command line would."""
    sys.path.insert(0, str(converter))
    from conversion.base import TextModel  # type: ignore[import-not-found, unused-ignore]

    TextModel.get_vocab_base_pre = _by_hash_or_as_stated(TextModel.get_vocab_base_pre)
    sys.argv = ["convert_hf_to_gguf.py", *arguments]
    runpy.run_path(str(converter / "convert_hf_to_gguf.py"), run_name="__main__")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
