"""Canonical JSON: one form for one value."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.common.canonical import canonical, digest, pretty

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text("aé\n")
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3)
)


def test_by_hand() -> None:
    value = {"b": [1, None, True], "a": "é"}
    assert canonical(value) == '{"a":"é","b":[1,null,true]}'.encode()
    assert digest(value) == hashlib.sha256('{"a":"é","b":[1,null,true]}'.encode()).hexdigest()
    assert pretty(value) == '{\n  "a": "é",\n  "b": [\n    1,\n    null,\n    true\n  ]\n}\n'


@given(VALUES)
def test_both_forms_keep_the_value(value: object) -> None:
    assert json.loads(canonical(value)) == value
    assert json.loads(pretty(value)) == value


@given(st.dictionaries(st.text("abc"), SCALARS))
def test_order_of_keys_does_not_matter(value: dict[str, object]) -> None:
    turned = dict(reversed(value.items()))
    assert canonical(turned) == canonical(value)
    assert pretty(turned) == pretty(value)


def test_order_of_lists_matters() -> None:
    assert digest([1, 2]) != digest([2, 1])


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_does_not_know_is_refused(number: float) -> None:
    for form in (canonical, pretty):
        with pytest.raises(ValueError, match="JSON"):
            form({"x": number})
