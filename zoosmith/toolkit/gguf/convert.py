"""Checkpoint to GGUF by llama.cpp's own converter, which knows over a hundred architectures.

The file depends on the checkpoint alone: it is converted under a name that is given, from a folder that holds links to
its weights, configuration and tokenizer and nothing else. So no README, code or pickle of the checkpoint is read, and
neither a path nor the name of a folder gets into the file.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.gguf import converter_process

OutType = Literal["f32", "f16", "bf16", "q8_0"]
READ = ("*.json", "*.safetensors", "*.model", "*.jinja", "*.tiktoken", "vocab.txt", "merges.txt")
"""Files of a checkpoint that hold data. Code (*.py), pickles and a README are not among them."""
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
SAID = re.compile(r"^\w*(Error|Exception|Exit)\b.*|^ERROR:.*")
PERCENT = re.compile(r"(\d+)%\|")
HINTS = {
    "is not supported": "llama.cpp knows no such architecture in this release; keep it in another format",
    "pre-tokenizer was not recognized": "llama.cpp has no such pre-tokenizer; its tokens would differ",
    "No module named": "install what it names, in the versions of constraints.txt",
    "No space left": "free space on the disk",
}


def convert(
    checkpoint: Path,
    target: Path,
    outtype: OutType,
    *,
    converter: Path,
    name: str = "model",
    overlay: Mapping[str, str] | None = None,
    progress: Callable[..., None] = lambda *_, **__: None,
) -> None:
    """Write `target` from the transformers checkpoint in `checkpoint`.

    converter: the folder `vendor/llama.cpp` of the pinned sdist. name: becomes general.name. overlay: text of files
    that stand in for the checkpoint's own. progress: called with (done, total, text). Raises BuildError with what the
    converter said; no partial file is left.
    """
    if not (converter / "convert_hf_to_gguf.py").is_file():
        raise BuildError(f"{converter.name} is no llama.cpp with its converter: convert_hf_to_gguf.py is missing")
    partial = target.with_name(f".{target.name}.partial")
    try:
        with tempfile.TemporaryDirectory() as scratch:
            folder = _links(checkpoint, Path(scratch) / name, overlay or {})
            arguments = [str(folder), "--outfile", str(partial), "--outtype", outtype, "--model-name", name]
            _run([str(converter), *arguments], {str(folder): "the checkpoint", str(partial): target.name}, progress)
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)


def _links(checkpoint: Path, folder: Path, overlay: Mapping[str, str]) -> Path:
    folder.mkdir()
    for pattern in READ:
        for file in checkpoint.glob(pattern):
            if file.name not in overlay and not (folder / file.name).exists():
                (folder / file.name).symlink_to(file.resolve())
    for file_name, text in overlay.items():
        (folder / file_name).write_text(text, encoding="utf-8")
    return folder


def _run(arguments: list[str], names: Mapping[str, str], progress: Callable[..., None]) -> None:
    command = [sys.executable, "-P", converter_process.__file__, *arguments]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        errors="replace", env=os.environ | OFFLINE,
    )  # fmt: skip
    assert process.stderr is not None
    lines: list[str] = []
    try:
        for line in process.stderr:  # universal newlines: a progress bar's carriage returns end lines too
            lines.append(line.strip())
            if found := PERCENT.search(line):
                progress(int(found[1]), 100, "converting to GGUF")
    finally:
        process.kill()  # where an exception ends us; a process that has ended does not mind
        code = process.wait()
    if code:
        raise BuildError(_failure(lines, code, names))


def _failure(lines: list[str], code: int, names: Mapping[str, str]) -> str:
    """The converter's last line that says what went wrong, without our paths, and what to do."""
    telling = [line for line in lines if SAID.match(line)]
    said = (telling or [line for line in lines if line] or ["nothing"])[-1].removeprefix("ERROR:hf-to-gguf:")
    for path, name in names.items():
        said = said.replace(path, name)
    if code < 0:
        return f"llama.cpp's converter was ended by signal {-code}: {'the memory was short' if code == -9 else said}"
    hint = next((text for part, text in HINTS.items() if part in said), "see whether transformers opens the checkpoint")
    return f"llama.cpp's converter cannot convert the checkpoint: {said}; {hint}"
