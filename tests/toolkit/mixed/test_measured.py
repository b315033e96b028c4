"""Losses outlive a kill, one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from zoosmith.contract.errors import BuildError
from zoosmith.toolkit.mixed.measured import Measured, table

GROUPS = {"a": ["a.1", "a.2"], "b": ["b.1"]}
KINDS = {"a": ["q8_0", "q4_0"], "b": ["q4_0"]}


def test_every_group_is_measured_alone_in_each_type_and_progress_is_shown(tmp_path: Path) -> None:
    asked, shown = [], []

    def loss(types: Mapping[str, str]) -> float:
        asked.append(dict(types))
        return 0.1 * len(asked)

    found = table(Measured(loss, tmp_path / "losses.json"), GROUPS, KINDS, "f16", lambda *told: shown.append(told))
    assert found == {"a": {"q8_0": 0.1, "q4_0": 0.2}, "b": {"q4_0": 0.3}}
    assert asked == [{"a.1": "q8_0", "a.2": "q8_0"}, {"a.1": "q4_0", "a.2": "q4_0"}, {"b.1": "q4_0"}]
    assert shown[1] == (1, 3, "what q4_0 costs a")


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    asked: list[Mapping[str, str]] = []

    def loss(types: Mapping[str, str]) -> float:
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(types)
        return 0.123456789

    with pytest.raises(KeyboardInterrupt):
        table(Measured(loss, tmp_path / "losses.json"), GROUPS, KINDS, "f16", lambda *_: None)
    left = json.loads((tmp_path / "losses.json").read_text(encoding="utf-8"))
    assert left == {"a.1=q8_0 a.2=q8_0": 0.1235, "a.1=q4_0 a.2=q4_0": 0.1235}
    later: list[Mapping[str, str]] = []

    def counted(types: Mapping[str, str]) -> float:
        later.append(types)
        return 0.5

    again = Measured(counted, tmp_path / "losses.json")
    assert table(again, GROUPS, KINDS, "f16", lambda *_: None)["b"] == {"q4_0": 0.5}
    assert later == [{"b.1": "q4_0"}]
    assert [path.name for path in tmp_path.iterdir()] == ["losses.json"]


def test_no_number_is_an_error_that_names_what_was_changed(tmp_path: Path) -> None:
    broken = Measured(lambda _: float("nan"), tmp_path / "losses.json")
    with pytest.raises(BuildError, match=r"with a\.1=q4_0 the model expects no finite probabilities"):
        broken({"a.1": "q4_0"})


def test_the_type_that_they_have_costs_nothing(tmp_path: Path) -> None:
    found = table(Measured(lambda _: 0.5, tmp_path / "l.json"), GROUPS, {"a": ["f16", "q4_0"]}, "f16", lambda *_: None)
    assert found == {"a": {"f16": 0.0, "q4_0": 0.5}}
