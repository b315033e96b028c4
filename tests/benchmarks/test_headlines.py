"""Verdicts on published figures: by rule from intervals."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks._headlines import TARGETS, Figure, Question, Verdict, answer, judge, together
from benchmarks._published import DISTILBERT_TEST, IMDB, N1, N2, SST2, faster, points
from benchmarks._recorded import Range, Shelf
from tests.support import records
from tests.support.studies import answers, record
from tests.support.zoo import ROOT


def questions(name: str) -> list[Question]:
    return list(next(target for target in TARGETS if name in target.name).questions)


def answered(root: Path, name: str) -> list[Figure]:
    return [answer(Shelf(root), question) for question in questions(name)]


@pytest.mark.parametrize(
    ("low", "high", "less", "verdict"),
    [
        (2.4, 2.9, False, "beaten"),
        (2.3, 2.9, False, "not decidable"),
        (2.0, 2.3, False, "not beaten"),
        (2.33, 2.33, False, "not beaten"),
        (2.0, 2.3, True, "beaten"),
        (2.3, 2.9, True, "not decidable"),
        (2.4, 2.9, True, "not beaten"),
        (None, None, False, "not decidable"),
    ],
)
def test_the_interval_decides(low: float | None, high: float | None, less: bool, verdict: Verdict) -> None:
    assert judge(2.33, Range(2.4, low, high), less=less) == verdict


def test_an_unsteady_host_decides_nothing() -> None:
    assert judge(2.33, Range(3.0, 2.9, 3.1)) == "beaten"
    assert judge(2.33, Range(3.0, 2.9, 3.1, "host not steady", sure=False)) == "not decidable"


@pytest.mark.parametrize(
    ("verdicts", "all_"),
    [
        (["beaten", "beaten"], "beaten"),
        (["beaten", "not decidable"], "not decidable"),
        (["not recorded", "not decidable"], "not recorded"),
        (["beaten", "not recorded", "not beaten"], "not beaten"),
    ],
)
def test_one_figure_that_is_not_beaten_settles_a_target(verdicts: list[Verdict], all_: Verdict) -> None:
    assert together(verdicts) == all_


def test_published_ratios_and_changes() -> None:
    assert (round(faster(N1[0], N1[1]), 2), points(N1[1], N1[0])) == (2.33, -1.73)
    with pytest.raises(ValueError, match="not timed in one unit"):
        faster(N1[0], N2[0])


def test_both_sides_are_found_and_judged(tmp_path: Path) -> None:
    record(tmp_path, SST2, "fp32")
    record(tmp_path, SST2, "torch-int8", quality=answers(range(4, 14)))
    speed, change = answered(tmp_path, "PyTorch dynamic INT8")
    assert (speed.published, speed.ours, speed.verdict) == ("2.33x", "3.00x (2.75 to 3.25)", "beaten")
    assert (change.published, change.verdict) == ("-1.73 points", "not decidable")
    assert change.ours.startswith("+0.00 points (-3.31 to ")


def test_what_is_not_recorded_is_named(tmp_path: Path) -> None:
    record(tmp_path, SST2, "fp32")
    speed, _ = answered(tmp_path, "PyTorch dynamic INT8")
    assert (speed.ours, speed.verdict) == ("not recorded: minilm-sst2-torch-int8", "not recorded")


def test_speeds_of_two_hosts_are_not_compared(tmp_path: Path) -> None:
    record(tmp_path, SST2, "onnx-fp32")
    record(tmp_path, SST2, "onnx-int8", host=records.host("laptop"))
    speed, change = answered(tmp_path, "ONNX Runtime INT8")
    assert (speed.ours, speed.verdict) == ("the records tell nothing comparable", "not decidable")
    assert change.ours.startswith("+0.00 points")


def test_structured_latency_is_derived_from_two_ratios(tmp_path: Path) -> None:
    record(tmp_path, SST2, "fp32")
    record(tmp_path, SST2, "onnx-int8", speedup={"value": 4.0, "low": 3.9, "high": 4.1, "n": 8})
    record(tmp_path, SST2, "structured-int8", speedup={"value": 10.0, "low": 9.9, "high": 10.1, "n": 8})
    latency, _ = answered(tmp_path, "structured")
    assert (latency.ours, latency.verdict) == ("0.40 (0.39 to 0.41), derived", "beaten")


def test_memory_gets_the_bounds_of_a_repeated_peak(tmp_path: Path) -> None:
    record(tmp_path, SST2, "pruned30-int8", memory_mb={"load": 90, "peak": 100, "growth": 10})
    for peak, verdict in ((100, "beaten"), (120, "not decidable"), (140, "not beaten")):
        record(tmp_path, SST2, "pruned50-int8", memory_mb={"load": 90, "peak": peak, "growth": 10})
        assert answered(tmp_path, "50 % pruned")[1].verdict == verdict


def test_lora_is_held_against_full_fine_tuning(tmp_path: Path) -> None:
    facts = {"trainable_parameters": 2_200, "parameters": 1_000_000}
    record(tmp_path, IMDB, "finetune")
    record(tmp_path, IMDB, "lora-r8", quality=answers(range(40)))
    record(tmp_path, SST2, "lora-r8", facts)
    share, trained = answered(tmp_path, "LoRA r=8")
    assert share.ours.startswith("84.21 % (")
    assert share.verdict == "not beaten"
    assert (trained.ours, trained.verdict) == ("0.22 %", "beaten")


def test_parameters_that_no_record_tells_decide_nothing(tmp_path: Path) -> None:
    record(tmp_path, SST2, "lora-r8")
    assert answered(tmp_path, "LoRA r=8")[1].verdict == "not decidable"


def test_an_artifact_that_answers_at_random_has_not_trained(tmp_path: Path) -> None:
    random = answers(range(100))
    random["toy"]["metrics"]["accuracy"] |= {"value": 0.5, "low": 0.43, "high": 0.57}
    for quality, verdict in ((answers(range(10)), "beaten"), (random, "not decidable")):
        record(tmp_path, SST2, "qlora-r8", quality=quality)
        assert [figure.verdict for figure in answered(tmp_path, "QLoRA of DistilBERT")] == [verdict]


def test_the_test_that_the_page_names_exists() -> None:
    file, _, name = DISTILBERT_TEST.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")
