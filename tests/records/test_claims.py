"""Claims: what holds, what does not, and what a host cannot tell."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import records
from zoosmith.records.claims import NUMERIC, Claim, of_figures, of_files, untold
from zoosmith.records.figures import Figures, of_measurement, of_result
from zoosmith.records.rows import row
from zoosmith.records.scores import Metric

TRUE = [0, 1] * 200
GOOD = [0, 1] * 180 + [1, 0] * 20
ELSEWHERE = records.host("elsewhere").model_copy(update={"isa": ("asimd",)})


def figures(predicted: list[int] | None = GOOD, accuracy: float = 0.9, **changed: Any) -> Figures:
    answers = records.answered(TRUE, predicted) if predicted else None
    quality = {"toy": records.quality(accuracy, n=400, answers=answers)}
    return of_measurement(records.measurement(**{"quality": quality} | changed), "text-classification")


def told(said: Figures, found: Figures) -> dict[str, Claim]:
    return {claim.what: claim for claim in of_figures(said, found)}


def test_everything_holds_against_itself() -> None:
    said = figures()
    claims = told(said, said)
    assert all(claim.holds for claim in claims.values())
    assert list(claims) == [
        "size", "toy.accuracy", "toy.macro_f1", "toy.accuracy - that of toy-fp32", "toy.macro_f1 - that of toy-fp32",
        "same answer", "speed", "peak memory",
    ]  # fmt: skip


@given(st.floats(0, 1))
def test_on_the_same_platform_a_score_must_be_equal(accuracy: float) -> None:
    claim = told(figures(accuracy=accuracy), figures())["toy.accuracy"]
    assert claim.holds == (abs(accuracy - 0.9) <= NUMERIC)


def test_on_another_platform_a_few_other_answers_are_allowed_and_many_are_not() -> None:
    few, many = [*GOOD[:-2], 0, 1], GOOD[:300] + [1, 0] * 50
    said = figures()
    near = told(said, figures(few, 0.905, host=ELSEWHERE))["toy.accuracy"]
    far = told(said, figures(many, 0.75, host=ELSEWHERE))["toy.accuracy"]
    assert (near.holds, far.holds) == (True, False)
    assert told(said, figures(few, 0.905))["toy.accuracy"].holds is False, "the same platform allows none"


def test_a_value_that_its_own_answers_contradict_never_holds() -> None:
    claim = told(figures(accuracy=0.92), figures(host=ELSEWHERE))["toy.accuracy"]
    assert claim.holds is False
    assert "the recorded answers themselves give 0.9000" in claim.why


@pytest.mark.parametrize(("found", "holds"), [(0.881, True), (0.879, False), (0.921, False)])
def test_without_answers_the_claims_own_interval_decides(found: float, holds: bool) -> None:
    claim = told(figures(None), figures(None, found, packages={"onnxruntime": "1.32.0"}))["toy.accuracy"]
    assert claim.holds is holds
    assert "no recorded answers" in claim.why


def test_other_examples_cannot_tell() -> None:
    fewer = {"toy": records.quality(n=200)}
    claim = told(figures(suite="full"), figures(quality=fewer))["toy.accuracy"]
    assert claim.holds is None
    assert "200 examples were measured here, the claim is about 400; choose its suite: --suite full" in claim.why
    others = {"toy": records.quality(n=400, answers=records.answered(TRUE[::-1], GOOD))}
    assert "others than those" in told(figures(), figures(quality=others))["toy.accuracy"].why
    elsewhere = {"news": records.quality()}
    assert "no such eval" in told(figures(), figures(quality=elsewhere))["toy.accuracy"].why


def test_without_the_reference_what_is_claimed_against_it_cannot_be_told() -> None:
    claims = told(figures(), figures(versus=None, speedup=None))
    against = ["toy.accuracy - that of toy-fp32", "toy.macro_f1 - that of toy-fp32", "same answer", "speed"]
    assert [claims[what].holds for what in against] == [None] * 4
    assert all("`zoosmith pull toy-fp32`" in claims[what].why for what in against)
    assert claims["toy.accuracy"].holds


def faster(value: float, **changed: Any) -> Figures:
    return figures(speedup=records.bounded(value, 0.2, 12), **changed)


@pytest.mark.parametrize(("found", "holds"), [(3.0, True), (3.4, True), (3.5, False), (2.5, False)])
def test_speeds_hold_while_their_intervals_overlap(found: float, holds: bool) -> None:
    assert told(faster(3.0), faster(found))["speed"].holds is holds


def test_a_speed_is_not_told_on_another_or_an_unsteady_host() -> None:
    assert told(faster(3.0), faster(9.0, host=ELSEWHERE))["speed"].holds is None
    unsteady = {"aa": records.bounded(1.2), "attempts": 3, "steady": False, "busy": 0.4}
    assert told(faster(3.0), faster(9.0, steadiness=unsteady))["speed"].holds is None
    assert told(faster(3.0), faster(9.0, load_average=2.1))["speed"].holds is None, "two cores had work for more"
    steady = unsteady | {"steady": True}
    assert told(faster(3.0), faster(9.0, load_average=2.1, steadiness=steady))["speed"].holds is False


@pytest.mark.parametrize(("peak", "holds"), [(110, True), (126, True), (127, False), (94, True), (93, False)])
def test_memory_within_a_tenth_or_16_mib(peak: int, holds: bool) -> None:
    found = figures(memory_mb={"load": 90, "peak": peak, "growth": 1})
    assert told(figures(), found)["peak memory"].holds is holds


def test_other_packages_take_other_memory() -> None:
    assert told(figures(), figures(packages={"onnxruntime": "1.32.0"}))["peak memory"].holds is None
    with_torch = figures(packages={"onnxruntime": "1.31.1", "torch": "2.13.0"})
    assert told(with_torch, figures())["peak memory"].holds, "the reference alone had needed torch"


def test_sizes_and_files_are_exact() -> None:
    said = figures()
    assert told(said, dataclasses.replace(said, size=said.size + 1))["size"].holds is False
    assert of_files(said, said.tree).holds
    assert of_files(said, records.sha("other")).holds is False


def test_a_registrys_row_claims_as_far_as_it_goes() -> None:
    made = row(records.build(), [records.measurement()], [], "card.md")
    said = of_result("toy-onnx-int8", made, made.results[0])
    claims = told(said, figures(accuracy=0.905))
    assert claims["toy.accuracy"].holds
    assert claims["peak memory"].holds
    assert told(said, figures(accuracy=0.95))["toy.accuracy"].holds is False


def test_what_could_not_be_measured_is_all_listed_with_one_reason() -> None:
    said = figures()
    claims = untold(said, "no data")
    assert {claim.what for claim in claims} == set(told(said, said))
    assert {(claim.holds, claim.why, claim.verdict) for claim in claims} == {(None, "no data", "cannot be told here")}


def test_bounded_figures_of_the_records_fit_together() -> None:
    assert figures().scores["toy.accuracy"] == Metric(value=0.9, low=0.88, high=0.92, n=400)


def test_memory_on_a_gpu_host_is_not_held_against_the_cpu() -> None:
    claim = told(figures(device="cuda"), figures())["peak memory"]
    assert (claim.holds, claim.why) == (None, "claimed for cuda, measured here on cpu")
    assert told(figures(device="cuda"), figures(device="cuda"))["peak memory"].holds is True


def language(**changed: Any) -> Figures:
    return of_measurement(records.language(**changed), "perplexity")


def test_a_language_models_claims_have_the_tolerance_of_their_unit() -> None:
    said = language()
    claims = told(said, said)
    assert all(claim.holds for claim in claims.values())
    assert claims["text.mean_kl"].said == "0.0051 (0.00459 to 0.00561)"
    assert claims["text.perplexity"].why == "same platform: equal within 0.042"
    off = told(said, language(versus=records.text_versus(mean_kl=0.00512)))
    assert off["text.mean_kl"].holds is False, "5e-4 would let a tenth of it pass"
    assert off["text.same_top1"].holds is True


def test_on_another_platform_a_divergence_is_within_its_interval() -> None:
    near = told(language(), language(versus=records.text_versus(mean_kl=0.0054), host=ELSEWHERE))
    far = told(language(), language(versus=records.text_versus(mean_kl=0.02), host=ELSEWHERE))
    assert (near["text.mean_kl"].holds, far["text.mean_kl"].holds) == (True, False)
    assert (near["text.p99_kl"].holds, far["text.p99_kl"].holds) == (True, False)


def test_documents_are_paired_on_another_platform() -> None:
    found = told(language(), language(host=ELSEWHERE))["text.nats_per_token"]
    assert (found.holds, found.why) == (True, "other platform: the paired interval of the change holds 0")


def test_a_divergence_without_its_reference_cannot_be_told() -> None:
    claim = told(language(), language(versus=None))["text.mean_kl"]
    assert claim.holds is None and "its reference is not here" in claim.why
