"""ONNX files with their weights inside, and graphs whose weights lie in a file beside them.

What is stored has its weights inside up to 2 GiB, where protobuf ends, and beside it from there on. Libraries load
the other kind without a second copy of the weights, and protobuf's own serialisation of the first kind takes two.
Sources: the ONNX specification, "External Data"; Protocol Buffers, "Encoding".
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from zoosmith.common import external
from zoosmith.contract.errors import BuildError

LENGTH_DELIMITED = 2  # wire type
LARGEST = 2**31 - 1  # bytes of a protobuf message
SMALL = 1024  # bytes that Python has a tensor's data in: those below stay inside, as onnx.save leaves them
PAGE = 4096  # bytes: what a tensor beside its graph begins at a multiple of, so that it can be mapped


def apart(source: Path, folder: Path) -> Path:
    """Write the graph in the file `source` to `folder`, its weights beside it; returns the graph's file.

    Weights that lie beside `source` are copied, not read. The graph knows no shapes of its export: they contradict
    those that are inferred. Raises BuildError for a file that holds no graph.
    """
    import onnx
    from google.protobuf.message import DecodeError

    refusal = f"{source.name} is no ONNX graph or not all of one; build its artifact anew"
    try:
        model = onnx.load(source, load_external_data=False)
    except DecodeError as error:
        raise BuildError(refusal) from error
    if not model.graph.output:  # an empty file decodes
        raise BuildError(refusal)
    del model.graph.value_info[:]
    beside = external.locations(source)
    if not beside:
        return save_apart(model, folder / "apart.onnx")
    for name in sorted(beside):  # inside the artifact, as the gate has seen
        shutil.copyfile(source.with_name(name), folder / name)
    onnx.save(model, file := fresh(folder / "apart.onnx"))
    return file


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


def join(model: Any, folder: Path, target: Path) -> list[Path]:
    """Write an `onnx.ModelProto`, whose weights may lie in files of `folder`, a tensor at a time; returns the files.

    That is one file, or two where it would take more than 2 GiB: the graph, and its weights in `TARGET_data`. Raises
    BuildError, with nothing written, where the graph takes more without its weights.
    """
    import onnx
    from onnx.external_data_helper import load_external_data_for_model

    rest, tensors = _without_weights(model), model.graph.initializer
    load_external_data_for_model(rest, str(folder))  # of nodes and their graphs
    body = rest.graph.SerializeToString(deterministic=True)
    size = len(body) + sum(len(_field(tensor, folder)) for tensor in tensors)
    front = _before_graph(rest) + _opening(onnx.ModelProto.GRAPH_FIELD_NUMBER, size) + body
    if len(front) + size > LARGEST:
        return _write_beside(rest, (_whole(tensor, folder) for tensor in tensors), target)
    with target.open("wb") as out:
        out.write(front)
        for tensor in tensors:
            out.write(_field(tensor, folder))
    return [target]


def _without_weights(model: Any) -> Any:
    import onnx

    rest = onnx.ModelProto()
    rest.CopyFrom(model)
    rest.graph.ClearField("initializer")
    return rest


def _before_graph(model: Any) -> bytes:
    """All of a model but its graph, as fields of it."""
    import onnx

    alone = onnx.ModelProto()
    alone.CopyFrom(model)
    alone.ClearField("graph")
    data: bytes = alone.SerializeToString(deterministic=True)
    return data


def _write_beside(graph: Any, tensors: Iterable[Any], target: Path) -> list[Path]:
    """Write a model that lacks these initializers to `target`, and what they hold to a file beside it.

    It is named as optimum and transformers.js look for it.
    """
    data = target.with_name(f"{target.name}_data")
    with data.open("wb") as out:
        for tensor in tensors:
            graph.graph.initializer.append(_moved(tensor, out, data.name))
    if graph.ByteSize() > LARGEST:
        data.unlink()
        raise BuildError(
            f"the graph takes {graph.ByteSize() / 2**30:.1f} GiB without its weights, and an ONNX file ends at 2 GiB: "
            "keep the model in another format"
        )
    target.write_bytes(graph.SerializeToString(deterministic=True))
    return [target, data]


def _moved(tensor: Any, out: IO[bytes], location: str) -> Any:
    """The tensor with what it holds at the end of `out`, a file named `location`; a small one as it is."""
    from onnx import TensorProto, numpy_helper
    from onnx.external_data_helper import set_external_data

    numbers = not tensor.raw_data and tensor.data_type != TensorProto.STRING  # in a list, or none
    if numbers and tensor.ByteSize() >= SMALL:
        tensor = numpy_helper.from_array(numpy_helper.to_array(tensor), tensor.name)
    if sys.getsizeof(tensor.raw_data) < SMALL:
        return tensor
    out.write(bytes(-out.tell() % PAGE))
    set_external_data(tensor, location, out.tell(), len(tensor.raw_data))
    out.write(tensor.raw_data)
    tensor.ClearField("raw_data")
    return tensor


def _field(tensor: Any, folder: Path) -> bytes:
    """An initializer with its data, as a field of the graph."""
    import onnx

    data: bytes = _whole(tensor, folder).SerializeToString(deterministic=True)
    return _opening(onnx.GraphProto.INITIALIZER_FIELD_NUMBER, len(data)) + data


def _whole(tensor: Any, folder: Path) -> Any:
    """A copy of an initializer, with its data."""
    import onnx
    from onnx.external_data_helper import load_external_data_for_tensor, uses_external_data

    whole = onnx.TensorProto()
    whole.CopyFrom(tensor)
    if uses_external_data(whole):
        load_external_data_for_tensor(whole, str(folder))
        whole.ClearField("data_location")
    return whole


def _opening(field: int, length: int) -> bytes:
    """What stands before a field of `length` bytes."""
    return bytes([*_varint(field << 3 | LENGTH_DELIMITED), *_varint(length)])


def _varint(value: int) -> Iterator[int]:
    """Seven bits a byte, the lowest first; the eighth bit says that more follow."""
    while value > 0x7F:
        yield value & 0x7F | 0x80
        value >>= 7
    yield value
