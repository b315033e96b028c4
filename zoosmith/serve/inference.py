"""The Open Inference Protocol v2 over REST, for classifiers of texts.

Source: https://github.com/kserve/open-inference-protocol, specification/protocol/inference_rest.md. Each input of the
task is a tensor BYTES of shape [n] or [n, 1]; outputs are `label` BYTES [n], `score` FP32 [n] and `scores` FP32
[n, labels]. Tensors travel as JSON; the extension for binary data is not spoken, and not told of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zoosmith import __version__
from zoosmith.common.names import nearest
from zoosmith.serve.limits import Limits
from zoosmith.serve.models import Model, Opened
from zoosmith.serve.predictions import answers, taken
from zoosmith.serve.refusals import Refused

OUTPUTS = ("label", "score", "scores")


def server_metadata() -> dict[str, Any]:
    """GET /v2."""
    return {"name": "zoosmith", "version": __version__, "extensions": []}


def model_metadata(model: Model) -> dict[str, Any]:
    """GET /v2/models/NAME: tensors, -1 where a dimension is free; a version is the head of a tree's digest."""
    opened = model.current
    spec = opened.predictor.task.spec
    shapes = {"label": ("BYTES", [-1]), "score": ("FP32", [-1]), "scores": ("FP32", [-1, len(spec.labels)])}
    return {
        "name": model.name,
        "versions": [opened.version],
        "platform": f"zoosmith_{opened.predictor.manifest.format}",
        "inputs": [{"name": name, "datatype": "BYTES", "shape": [-1]} for name in spec.inputs],
        "outputs": [{"name": name, "datatype": kind, "shape": shape} for name, (kind, shape) in shapes.items()],
    }


def require_version(model: Model, version: str | None) -> None:
    """Raise Refused for another version than the one that answers now."""
    if version not in (None, model.current.version):
        raise Refused(404, f"{model.name} is served as version {model.current.version}; found {version[:60]!r}")


async def infer(model: Model, asked: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """POST /v2/models/NAME/infer. Raises Refused."""
    opened = model.current
    wanted, names = _wanted(asked), opened.predictor.task.spec.inputs
    columns = _columns(asked.get("inputs"), names)
    rows = [list(row) if len(names) > 1 else row[0] for row in zip(*columns, strict=True)]
    found = await answers(model, opened, taken(opened.predictor.task, rows, limits))
    reply = {"model_name": model.name, "model_version": opened.version, "outputs": _outputs(opened, found, wanted)}
    return reply | ({"id": asked["id"]} if "id" in asked else {})


def _wanted(asked: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the outputs that are asked for; all without any."""
    if not isinstance(asked.get("id", ""), str):
        raise Refused(400, f"`id` should be a text; found {asked['id']!r:.60}")
    told = asked.get("outputs")
    if told is None:
        return OUTPUTS
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise Refused(400, "`outputs` should be a list of objects, each with a `name`")
    names = [str(one.get("name")) for one in told]
    if unknown := [name for name in names if name not in OUTPUTS]:
        raise Refused(400, f"there is no output {unknown[0][:60]!r}{nearest(unknown[0][:60], OUTPUTS)}")
    return tuple(names)


def _columns(tensors: Any, names: Sequence[str]) -> list[list[str]]:
    """The texts of each input of the task, equally many. Raises Refused."""
    if not isinstance(tensors, list) or not all(isinstance(tensor, dict) for tensor in tensors):
        raise Refused(400, f"`inputs` should be a list of tensors: {' and '.join(names)}")
    told = [str(tensor.get("name")) for tensor in tensors]
    if unknown := [name for name in told if name not in names]:
        raise Refused(400, f"there is no input {unknown[0][:60]!r}{nearest(unknown[0][:60], names)}")
    if sorted(told) != sorted(names):
        raise Refused(
            400, f"each of the inputs {', '.join(names)} is given once; found {', '.join(told) or 'none'}"[:300]
        )
    columns = [_texts(tensors[told.index(name)], name) for name in names]
    if len({len(column) for column in columns}) > 1:
        raise Refused(400, f"the inputs {', '.join(names)} have different numbers of texts")
    return columns


def _texts(tensor: Mapping[str, Any], name: str) -> list[str]:
    if (kind := tensor.get("datatype")) != "BYTES":
        raise Refused(400, f"input {name!r} is a tensor of datatype BYTES; found {kind!r:.60}")
    texts = list(_flat(tensor.get("data"), name))
    shape = tensor.get("shape")
    if shape not in ([len(texts)], [len(texts), 1]) or any(isinstance(size, bool) for size in shape):
        raise Refused(
            400, f"input {name!r} has {len(texts)} texts, so its shape is [{len(texts)}]; found {shape!r:.60}"
        )
    return texts


def _flat(data: Any, name: str, depth: int = 0) -> list[str]:
    """Row by row, which may be nested as the shape is. Raises Refused for what is no text."""
    if isinstance(data, str):
        return [data]
    if not isinstance(data, list) or depth > 1:
        where = "`data` of" if depth == 0 else "an element of"
        raise Refused(
            400, f"{where} input {name!r} should be {'a list of texts' if depth == 0 else 'a text'}; found {data!r:.60}"
        )
    return [text for one in data for text in _flat(one, name, depth + 1)]


def _outputs(opened: Opened, found: Sequence[Any], wanted: Sequence[str]) -> list[dict[str, Any]]:
    labels, count = opened.predictor.labels, len(found)
    made: dict[str, dict[str, Any]] = {
        "label": {"datatype": "BYTES", "shape": [count], "data": [one.label for one in found]},
        "score": {"datatype": "FP32", "shape": [count], "data": [one.score for one in found]},
        "scores": {
            "datatype": "FP32",
            "shape": [count, len(labels)],
            "parameters": {"labels": ", ".join(labels)},
            "data": [one.scores[label] for one in found for label in labels],
        },
    }
    return [{"name": name} | made[name] for name in wanted]
