"""Metrics know their unit and direction; divergences of the reference from itself are nothing."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tests.support import records
from zoosmith.contract.metric import DIVERGENCES, MetricInfo
from zoosmith.records.family import Subject, comparable, headline, own_headline
from zoosmith.records.rows import result
from zoosmith.records.scores import ClassDetails, Difference, Metric, Quality
from zoosmith.stats.intervals import Estimate


def test_what_nearly_all_have_is_not_written() -> None:
    assert Metric(value=0.9, low=0.88, high=0.92, n=400).model_dump() == {
        "value": 0.9,
        "low": 0.88,
        "high": 0.92,
        "n": 400,
    }
    kl = Metric(value=0.01, n=9, unit="nats", better="lower", n_unit="tokens", margin=0.02)
    assert Metric.model_validate(kl.model_dump()) == kl
    assert set(kl.model_dump()) == {"value", "n", "unit", "better", "n_unit", "margin"}


def test_an_estimate_is_kept_with_the_digits_of_its_unit() -> None:
    kl = Metric.of(Estimate(4.612345678e-6, 4.5e-6, 4.7e-6, 2009), MetricInfo("nats", "lower", "tokens"))
    assert (kl.value, kl.unit, kl.better, kl.n_unit, kl.n) == (4.61235e-6, "nats", "lower", "tokens", 2009)
    assert Metric.of(Estimate(0.123456789, 0.1, 0.2, 9)).value == 0.123457
    assert Difference.of(Estimate(-4.612345678e-6, -1e-5, 1e-6, 9), "nats").value == -4.61235e-6


def test_unknown_directions_are_refused() -> None:
    with pytest.raises(ValidationError, match="better"):
        Metric.model_validate({"value": 1, "n": 1, "better": "sideways"})


def test_the_reference_is_nothing_apart_from_itself_and_wholly_the_same() -> None:
    reference = records.language_reference()
    for told in (reference, result(reference)):
        assert told.metric("text.mean_kl") == Metric(
            value=0, low=0, high=0, n=40, n_unit="documents", unit="nats", better="lower"
        )
        assert told.metric("text.same_top1").value == 1.0  # type: ignore[union-attr]
        assert told.metric("text.unknown") is None
        assert told.metric("other.mean_kl") is None
        assert told.change("text.mean_kl") is None
    assert records.measurement().metric("toy.mean_kl") is None, "an artifact has what was measured of it"
    assert records.reference().metric("toy.mean_kl") is None, "classes have no tokens"
    assert records.reference().metric("toy.agreement").value == 1.0  # type: ignore[union-attr]
    assert all(info.better == "lower" or info.unit == "share" for info in DIVERGENCES.values())


def test_a_divergence_is_the_change_itself() -> None:
    for told in (records.language(), result(records.language())):
        change = told.change("text.mean_kl")
        assert change is not None and change.value == told.metric("text.mean_kl").value  # type: ignore[union-attr]
        assert told.change("text.p99_kl") == Difference(value=0.0816, low=0.0816, high=0.0816)


def test_the_headline_is_what_is_preferred_and_there() -> None:
    one, reference = records.language(), records.language_reference()
    assert (
        headline(one) == headline(reference) == headline(result(one)) == headline(result(reference)) == "text.mean_kl"
    )
    assert headline(one, ("accuracy", "perplexity")) == "text.perplexity"
    assert headline(one, ("accuracy",)) == "text.nats_per_token", "else the first"
    assert headline(records.measurement()) == "toy.macro_f1"
    assert headline(records.measurement(), ("accuracy",)) == "toy.accuracy"
    assert own_headline(reference) == "text.perplexity", "of itself the reference has no divergence to show"
    family = [Subject(records.build(m.name), m) for m in (reference, one, records.language("x", versus={}))]
    assert [s.build.name for s in comparable(family, "text.mean_kl")] == ["toy-fp32", "toy-q8-0"]


def test_documents_are_what_stands_behind_scores_of_documents() -> None:
    quality = Quality.model_validate(records.text_quality())
    assert (quality.n, quality.n_unit) == (40, "documents")
    assert (Quality.model_validate(records.quality()).n, quality.classes) == (400, None)


def test_what_was_not_counted_is_not_recorded() -> None:
    """Records from before cut rows were counted stay as they are, byte for byte."""
    assert "cut" not in ClassDetails().model_dump(mode="json")
    counted = ClassDetails(cut=0)
    assert ClassDetails.model_validate(counted.model_dump(mode="json")) == counted
