"""Action keys, package versions and what changed."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoosmith.contract.errors import ZooError
from zoosmith.contract.output import Resources
from zoosmith.execution import action
from zoosmith.execution.action import Action, differences, public_versions

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=3),
    max_leaves=8,
)
INPUTS = st.dictionaries(st.text(min_size=1, max_size=3), JSON, max_size=4)


def make(inputs: dict[str, object], **rest: object) -> Action:
    return Action(**({"name": "toy/a", "title": "build a", "entry": "m:f", "inputs": inputs} | rest))  # type: ignore[arg-type]


def test_only_inputs_decide_the_key() -> None:
    first = make({"a": 1, "b": [2]})
    other = make({"b": [2], "a": 1}, name="x", title="y", entry="n:g", run={"threads": 9}, resources=Resources(9, 9),
                 timeout_s=1.0, exclusive=True)  # fmt: skip
    assert first.key == other.key and len(first.key) == 64
    assert first.key != make({"a": 1, "b": [2, 2]}).key


def test_the_key_is_that_of_canonical_json() -> None:
    import hashlib

    assert make({"b": "é", "a": None}).key == hashlib.sha256('{"a":null,"b":"é"}'.encode()).hexdigest()


@given(INPUTS, INPUTS)
def test_something_is_told_exactly_where_keys_differ(old: dict[str, object], new: dict[str, object]) -> None:
    assert bool(differences(old, new)) == (make(old).key != make(new).key)


@pytest.mark.parametrize(("old", "new"), [(1, True), (0, False), (1, 1.0), ([1], [True]), (None, "None")])
def test_values_that_python_or_print_hold_equal_are_told_apart(old: object, new: object) -> None:
    assert len(differences({"a": old}, {"a": new})) == 1
    assert differences({}, {"a": None}) == ["a: nothing -> null"]


def test_differences_read_well() -> None:
    old = {"params": {"r": 8, "target": "vnni"}, "code": {"m": "a" * 64}, "splits": {}, "gone": [1]}
    new = {
        "params": {"r": 16, "target": "vnni"},
        "code": {"m": "b" * 64},
        "splits": {"train": "c" * 64},
        "long": "x" * 99,
    }
    assert differences(old, new) == [
        f"code.m: {'a' * 12} -> {'b' * 12}",
        "gone: [1] -> nothing",
        f"long: nothing -> {'x' * 57}...",
        "params.r: 8 -> 16",
        f"splits.train: nothing -> {'c' * 12}",
    ]


def test_versions_are_public_and_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(action, "_installed", action._installed.__wrapped__)  # versions are read once
    told = {"torch": "2.13.0+cpu", "numpy": "2.4.1"}
    found = {name: SimpleNamespace(read_text=f"Name: {name}\nVersion: {v}\n".format) for name, v in told.items()}
    monkeypatch.setattr(action.metadata, "distribution", found.__getitem__)
    assert list(public_versions(("torch", "numpy")).items()) == [("numpy", "2.4.1"), ("torch", "2.13.0")]


def test_a_missing_package_is_named() -> None:
    with pytest.raises(ZooError, match="the package no-such-package is not installed"):
        public_versions(("no-such-package",))


def test_versions_are_those_that_the_standard_library_reads() -> None:
    names = {found.name for found in metadata.distributions()}
    assert {"torch", "doit", "pydantic"} <= names
    wanted = {name: metadata.version(name).partition("+")[0] for name in names}
    assert public_versions(tuple(names)) == dict(sorted(wanted.items()))


def test_a_package_without_a_file_of_metadata_has_its_version_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "oldest.egg-info"
    folder.mkdir()
    (folder / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: oldest\nVersion: 3.1+local\n\nVersion: 9\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert public_versions(("oldest",)) == {"oldest": "3.1"}
