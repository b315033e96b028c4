"""The plain way to ask a classifier: `POST /predict` with `{"inputs": [...]}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.contract.task import Task
from zoosmith.serve.limits import Limits, require_few, require_short
from zoosmith.serve.models import CLASSIFIER, Model, Opened, chosen
from zoosmith.serve.refusals import Refused

KEYS = ("inputs", "model")


async def predict(models: dict[str, Model], asked: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """Answers in the order of `inputs`, each with label, score and the score of every label. Raises Refused."""
    if unknown := [key for key in asked if key not in KEYS]:
        raise Refused(400, f"unknown key {unknown[0][:60]!r}{nearest(unknown[0][:60], KEYS)}")
    model = chosen(models, asked.get("model"), CLASSIFIER)
    opened = model.current
    values = taken(opened.predictor.task, asked.get("inputs"), limits)
    found = await answers(model, opened, values)
    return {"model": model.name, "version": opened.version, "answers": [answer._asdict() for answer in found]}


async def answers(model: Model, opened: Opened, values: Sequence[Any]) -> list[Any]:
    """The predictions of `opened` for values that were checked. Raises Refused."""
    try:
        return await model.submit([(opened, value) for value in values])
    except ZooError as error:
        raise Refused(422, str(error)) from None


def taken(task: Task, inputs: Any, limits: Limits) -> list[Any]:
    """Inputs as the predictor takes them. Raises Refused naming the first, counted from 1, that is none."""
    if not isinstance(inputs, list):
        kind = "nothing" if inputs is None else f"{inputs!r:.60}"
        raise Refused(400, f"`inputs` should be a list of {' and '.join(task.spec.inputs)}; found {kind}")
    require_few(len(inputs), limits)
    return [_one(task, value, number, limits) for number, value in enumerate(inputs, 1)]


def _one(task: Task, value: Any, number: int, limits: Limits) -> Any:
    names = task.spec.inputs
    if isinstance(value, dict) and set(value) == set(names):
        value = [value[name] for name in names]
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str):
            require_short([text], limits, f"input {number}")
    try:
        task.unlabelled(value)
    except (ZooError, TypeError, ValueError, LookupError, AttributeError) as error:  # as the predictor does
        raise Refused(400, f"input {number}: {error}") from None
    return value
