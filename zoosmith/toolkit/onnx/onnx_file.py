"""ONNX files with their weights inside, and graphs whose weights lie in a file beside them.

What is stored has its weights inside. Libraries load the other kind without a second copy of the weights, and
protobuf's own serialisation of the first kind takes two. Sources: the ONNX specification, "External Data"; Protocol
Buffers, "Encoding".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zoosmith.contract.errors import BuildError

LENGTH_DELIMITED = 2  # wire type
LARGEST = 2**31 - 1  # bytes of a protobuf message


def apart(source: Path, folder: Path) -> Path:
    """Write the graph in the file `source` to `folder`, its weights beside it; returns the graph's file.

    It knows no shapes of its export: they contradict those that are inferred. Raises BuildError for a file that holds
    no graph.
    """
    import onnx
    from google.protobuf.message import DecodeError

    refusal = f"{source.name} is no ONNX graph or not all of one; build its artifact anew"
    try:
        model = onnx.load(source)
    except DecodeError as error:
        raise BuildError(refusal) from error
    if not model.graph.output:  # an empty file decodes
        raise BuildError(refusal)
    del model.graph.value_info[:]
    return save_apart(model, folder / "apart.onnx")


def save_apart(model: Any, file: Path) -> Path:
    """Write an `onnx.ModelProto` to `file`, its weights beside it; they leave `model`. Returns `file`."""
    import onnx

    onnx.save(model, fresh(file), save_as_external_data=True, location=_beside(file).name)
    return file


def fresh(file: Path) -> Path:
    """`file`, where no weights lie beside it: what a killed build left, libraries refuse or write behind."""
    _beside(file).unlink(missing_ok=True)
    return file


def _beside(file: Path) -> Path:
    """As torch.onnx and ONNX Runtime name it."""
    return file.with_name(f"{file.name}.data")


def join(model: Any, folder: Path, target: Path) -> None:
    """Write an `onnx.ModelProto`, whose weights may lie in files of `folder`, as one file, a tensor at a time.

    Raises BuildError, with nothing written, for more than 2 GiB.
    """
    import onnx
    from onnx.external_data_helper import load_external_data_for_model

    rest = onnx.ModelProto()
    rest.CopyFrom(model)
    rest.graph.ClearField("initializer")
    load_external_data_for_model(rest, str(folder))  # of nodes and their graphs
    body = rest.graph.SerializeToString(deterministic=True)
    rest.ClearField("graph")
    size = len(body) + sum(len(_field(tensor, folder)) for tensor in model.graph.initializer)
    front = rest.SerializeToString(deterministic=True) + _opening(onnx.ModelProto.GRAPH_FIELD_NUMBER, size) + body
    if len(front) + size > LARGEST:
        raise BuildError(f"the graph takes {size / 2**30:.1f} GiB; an ONNX file with its weights inside ends at 2 GiB")
    with target.open("wb") as out:
        out.write(front)
        for tensor in model.graph.initializer:
            out.write(_field(tensor, folder))


def _field(tensor: Any, folder: Path) -> bytes:
    """An initializer with its data, as a field of the graph."""
    import onnx
    from onnx.external_data_helper import load_external_data_for_tensor, uses_external_data

    whole = onnx.TensorProto()
    whole.CopyFrom(tensor)
    if uses_external_data(whole):
        load_external_data_for_tensor(whole, str(folder))
        whole.ClearField("data_location")
    data: bytes = whole.SerializeToString(deterministic=True)
    return _opening(onnx.GraphProto.INITIALIZER_FIELD_NUMBER, len(data)) + data


def _opening(field: int, length: int) -> bytes:
    """What stands before a field of `length` bytes."""
    return bytes([*_varint(field << 3 | LENGTH_DELIMITED), *_varint(length)])


def _varint(value: int) -> Iterator[int]:
    """Seven bits a byte, the lowest first; the eighth bit says that more follow."""
    while value > 0x7F:
        yield value & 0x7F | 0x80
        value >>= 7
    yield value
