"""GGUF in tests: llama.cpp's converter, builders called in this process, files changed on purpose."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.support.converting import forked
from zoosmith.contract.job import Parent
from zoosmith.contract.manifest import Manifest
from zoosmith.contract.output import data_of
from zoosmith.sources.tools import tool_folder
from zoosmith.toolkit.gguf import convert
from zoosmith.toolkit.gguf.artifact import CONVERTER, MODEL

TASK = SimpleNamespace(
    spec=SimpleNamespace(kind="text-generation", inputs=("text",), labels=(), max_length=64),
    auto_model="AutoModelForCausalLM",
)
FORMATS = {
    "from_gguf": "torch", "gguf": "gguf", "gguf_quantize": "gguf", "gguf_mixed": "gguf", "mixed_bits": "gguf",
    "act_quant": "techniques", "trim": "trimmed",
    "layerwise": "techniques", "selective": "bnb", "combined": "trimmed", "autoround": "autoround",
}  # fmt: skip
CONVERTERS = ("gguf", "autoround")


@cache
def converter() -> Path:
    """`vendor/llama.cpp` of the pinned sdist, fetched once into this user's cache as every build does."""
    with tempfile.TemporaryDirectory() as scratch:
        return tool_folder(CONVERTER, Path(scratch), lambda **shown: None)


def converted(checkpoint: Path, file: Path, outtype: Any = "f16") -> Path:
    """The checkpoint as a GGUF."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with forked():
        convert.convert(checkpoint, file, outtype, converter=converter())
    return file


def parent(folder: Path, format: str, **facts: Any) -> Parent:
    """A folder as a finished tree of a format."""
    return Parent(folder, Manifest(format=format, precision="fp32", facts=facts), "0" * 64)


def build(
    name: str,
    folder: Path,
    *,
    params: Mapping[str, Any] | None = None,
    rows: Sequence[Mapping[str, Any]] = (),
    task: Any = TASK,
    resumed: bool = False,
    progress: Callable[[str], None] = lambda text: None,
    **parents: Parent,
) -> SimpleNamespace:
    """Run a builder below `folder`: `session`, `out`, `facts`, `notes`, and `texts` of progress.

    `source` is the role "from". resumed: in a folder that an earlier run of the same build was killed in. progress: is
    called with each text of progress, and may raise.
    """
    module = importlib.import_module(f"builders.{name}")
    given, facts, notes, texts = module.Params(**(params or {})), {}, {}, []
    (folder / "out").mkdir(parents=True, exist_ok=resumed)
    (folder / "scratch").mkdir(exist_ok=resumed)

    def declared(split: str) -> Sequence[Mapping[str, Any]]:
        assert split in data_of(module, given), f"{name} reads {split!r}, which it does not declare"
        return rows

    def tool(wanted: str) -> Path:
        assert wanted in module.TOOLS
        return converter()

    def shown(done: int | None = None, total: int | None = None, text: str = "") -> None:
        texts.append(text)
        progress(text)

    job: Any = SimpleNamespace(
        parents={"from" if role == "source" else role: one for role, one in parents.items()}, parent=parents["source"],
        rows=declared, tool=tool, task=task, out=folder / "out", scratch=folder / "scratch", params=given, threads=1,
        seed=42, device="cpu", fact=facts.__setitem__, note=notes.__setitem__,
        progress=shown,
    )  # fmt: skip
    with forked():
        session = module.build(job)
    assert (session is None) == (FORMATS[name] in CONVERTERS), "a converter has no model to hand back, a reader has"
    return SimpleNamespace(
        session=session, out=folder / "out", file=folder / "out" / MODEL, facts=facts, notes=notes, texts=texts
    )


def rewritten(file: Path, target: Path, **changes: Any) -> Path:
    """A copy of a GGUF with other metadata; a dot in a key is written "__", and None takes the key out."""
    import gguf

    wanted = {key.replace("__", "."): value for key, value in changes.items()}
    source = gguf.GGUFReader(file)
    writer = gguf.GGUFWriter(target, arch=source.fields["general.architecture"].contents())
    for field in source.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture" or field.name in wanted:
            continue
        inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), field.types[0], sub_type=inner)
    for key, value in wanted.items():
        if value is not None:
            writer.add_bool(key, value) if isinstance(value, bool) else writer.add_string(key, value)
    for tensor in source.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
