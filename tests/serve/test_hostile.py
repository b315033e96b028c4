"""Whatever JSON comes, it is understood or refused in one short message: nothing else is raised."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.job import PAIR, TEXT, spec
from zoosmith.predictor import bind
from zoosmith.serve import inference, predictions
from zoosmith.serve.limits import Limits
from zoosmith.serve.openai_requests import ChatCompletion, Completion, read
from zoosmith.serve.refusals import Refused, body_of

LIMITS = Limits(inputs=4, characters=20)
WORDS = (
    "inputs", "outputs", "name", "datatype", "shape", "data", "text", "first", "second", "BYTES", "id", "label",
    "messages", "role", "user", "content", "prompt", "stop", "stream", "stream_options", "temperature", "max_tokens",
)  # fmt: skip
KEYS = st.sampled_from(WORDS) | st.text(max_size=5)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(max_size=30)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=12
)
OBJECTS = st.dictionaries(st.sampled_from(WORDS), JSON, max_size=6)


def refused_or_understood(read_it: Any, *given: Any) -> Any:
    try:
        return read_it(*given)
    except Refused as refused:
        assert refused.status in (400, 404, 422)
        assert 0 < len(refused.message) < 700
        assert "\n" not in refused.message or refused.message.count("\n") < 3
        json.dumps([body_of(refused, path) for path in ("/v1/completions", "/predict")]).encode()
        return None


@pytest.mark.parametrize("kind", [TEXT, PAIR])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # JSON takes long to draw
@given(told=OBJECTS)
def test_inputs_of_classifiers(tmp_path_factory: pytest.TempPathFactory, kind: str, told: dict[str, Any]) -> None:
    task = bind(kind, spec(kind), tmp_path_factory.getbasetemp(), tmp_path_factory.getbasetemp())
    taken = refused_or_understood(predictions.taken, task, told.get("inputs"), LIMITS)
    assert taken is None or 1 <= len(taken) <= 4
    columns = refused_or_understood(inference._columns, told.get("inputs"), task.spec.inputs)
    assert columns is None or all(isinstance(text, str) for column in columns for text in column)
    names = refused_or_understood(inference._wanted, told)
    assert names is None or set(names) <= set(inference.OUTPUTS)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # JSON takes long to draw
@given(told=OBJECTS)
def test_requests_of_openais_api(told: dict[str, Any]) -> None:
    for kind in (Completion, ChatCompletion):
        asked = refused_or_understood(read, kind, told)
        if asked is not None:
            assert all(isinstance(stop, str) for stop in asked.stops)
