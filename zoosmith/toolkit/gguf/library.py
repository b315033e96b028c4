"""The compiled llama.cpp: one pinned release, started once, its log captured."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from zoosmith.contract.errors import ZooError

VERSION = "0.3.36"
FUNCTION = re.compile(r"^.*?\b(llama_\w+: |failed to quantize: |error loading model: )+")
INSTALL = f"pip install llama-cpp-python=={VERSION} (it is compiled there, which takes some minutes)"


@cache
def load() -> Any:
    """The module llama_cpp, its backend started.

    ctypes structs hold no version of their own: another release would read our parameters shifted by some bytes.
    Raises ZooError where it is not installed or is another release.
    """
    try:
        import llama_cpp
    except ImportError as error:
        raise ZooError(f"GGUF needs llama.cpp: {INSTALL}") from error
    if llama_cpp.__version__ != VERSION:
        raise ZooError(
            f"llama-cpp-python is {llama_cpp.__version__}, the layout of its structs is known for {VERSION}: {INSTALL}"
        )
    llama_cpp.llama_backend_init()
    return llama_cpp


@contextmanager
def captured(on_line: Any = None) -> Iterator[list[str]]:
    """Collect what llama.cpp logs, line by line; `on_line(line)` sees each as soon as it is whole.

    llama.cpp gives reasons of failures nowhere else. Its log is one for the process, so nothing else may use
    llama.cpp meanwhile.
    """
    library = load()
    lines, open_line = [], ""

    def receive(level: int, text: bytes, data: ctypes.c_void_p) -> None:
        nonlocal open_line
        *whole, open_line = (open_line + text.decode("utf-8", "replace")).split("\n")
        for line in whole:
            lines.append(line)
            if on_line is not None:
                on_line(line)

    callback = library.llama_log_callback(receive)  # kept here: ctypes does not
    library.llama_log_set(callback, ctypes.c_void_p(0))
    try:
        yield lines
    finally:
        library.llama_log_set(library._logger.llama_log_callback, ctypes.c_void_p(0))
        if open_line:
            lines.append(open_line)


def reason(lines: list[str], fallback: str) -> str:
    """The last line of a log that says what failed, without the name of the function that says it."""
    telling = [
        line.strip() for line in lines if any(word in line.lower() for word in ("error", "fail", "disabled", "missing"))
    ]
    said = telling[-1] if telling else next((line.strip() for line in reversed(lines) if line.strip()), fallback)
    return FUNCTION.sub("", said)
