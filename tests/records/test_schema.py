"""Records of builds and measurements."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from tests.support import records
from zoosmith.common.canonical import pretty
from zoosmith.records.schema import BuildRecord, Measurement


def test_sizes_count_own_files_and_what_is_needed() -> None:
    files = [{"path": path, "size": size, "sha256": "0" * 64} for path, size in (("a", 10), ("b/c", 5))]
    build = records.build(files=files, needs={"base": "1" * 64}, needs_size=100)
    assert (build.size_own, build.size_total) == (15, 115)


def test_metrics_are_named_eval_dot_metric() -> None:
    measured = records.measurement()
    found = measured.metric("toy.accuracy")
    assert found is not None and (found.value, found.n) == (0.9, 400)
    for unknown in ("toy.f2", "other.accuracy", "accuracy", "toy", ""):
        assert measured.metric(unknown) is None


def test_committed_form_reads_back_the_same() -> None:
    for record in (records.build(), records.measurement(), records.reference()):
        text = pretty(record.model_dump(mode="json", by_alias=True))
        assert f'"schema": {1 if isinstance(record, BuildRecord) else 2}' in text
        assert type(record).model_validate(json.loads(text)) == record


@pytest.mark.parametrize("kind", [BuildRecord, Measurement])
def test_unknown_keys_are_errors(kind: type[BuildRecord] | type[Measurement]) -> None:
    record = records.build() if kind is BuildRecord else records.measurement()
    with pytest.raises(ValidationError, match="colour"):
        kind.model_validate(record.model_dump(by_alias=True) | {"colour": "blue"})


def test_records_never_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        records.measurement().threads = 2


@pytest.mark.parametrize(
    ("told", "chose"),
    [
        ({}, False),
        ({"dev_accuracy_before": 0.9, "training": {"dev_accuracy": [0.9]}}, False),
        ({"training": {"dev_accuracy": [0.9, 0.91]}}, True),
        ({"dev_loss": {}}, True),
        ({"dev_loss_without": []}, True),
    ],
)
def test_what_was_chosen_by_dev(told: dict[str, object], chose: bool) -> None:
    """One epoch is no choice."""
    assert records.build(provenance={"notes": told}).chose_on_dev == chose


@pytest.mark.parametrize(
    ("params", "learnt"),
    [
        ({}, False),
        ({"train_on_dev": False, "recovery": None}, False),
        ({"train_on_dev": True}, True),
        ({"recovery": {"train_on_dev": True}}, True),
    ],
)
def test_what_was_learnt_from_dev(params: dict[str, object], learnt: bool) -> None:
    assert records.build(params=params).learnt_dev == learnt
