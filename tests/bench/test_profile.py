"""What people deploy by: lengths, batches, callers, cold start, weights."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.job import Family
from tests.support.toys import opening, silent, write_toy
from zoosmith.bench import profile, sweeps
from zoosmith.bench.process import opened
from zoosmith.contract.errors import ZooError
from zoosmith.predictor import open_artifact


def test_a_model_is_swept_as_far_as_it_goes(tmp_path: Path) -> None:
    toy = write_toy(tmp_path, "toy", sleep_ms=1, positions=64)
    found = profile.measure(toy, opening(tmp_path, toy), silent, 0.02)
    assert [at.tokens for at in found.by_length] == [16, 32, 64]
    assert [at.batch for at in found.by_batch] == [1, 8, 32]
    assert [at.callers for at in found.by_callers] == [1, 2, 4]
    assert all(at.n >= sweeps.AT_LEAST and 1.0 <= at.p50 <= at.p95 for at in found.by_length)
    assert found.by_batch[2].per_second > 3 * found.by_batch[0].per_second, "a sleep is shared by the whole batch"
    assert found.by_callers[2].per_second > 1.5 * found.by_callers[0].per_second, "sleeps of callers overlap"
    assert found.by_callers[2].n >= 4 * sweeps.AT_LEAST
    assert found.cold_start_ms.imports > 10
    assert found.cold_start_ms.first >= 1.0
    assert found.cold_start_ms.n == profile.COLD_STARTS
    assert found.weights is None, "this runtime cannot count"


def test_lengths_that_the_task_promises_must_be_answered(tmp_path: Path) -> None:
    toy = write_toy(tmp_path, "toy", positions=16)  # its task has max_length 32
    with opened("toy") as [child]:
        child.ask("open", folder=str(toy), **opening(tmp_path, toy))
        with pytest.raises(ZooError, match="toy: IndexError: no position 32"):
            list(profile._by_length(child, 0.01, silent))


def test_an_input_has_exactly_so_many_tokens(tmp_path: Path) -> None:
    predictor = open_artifact(write_toy(tmp_path, "toy"), project=tmp_path)
    for tokens in (1, 16, 512):
        encoded = sweeps.of_length(predictor, ["a good film", "bad"], tokens)
        assert {value.shape for value in encoded.values()} == {(1, tokens)}
        assert encoded["attention_mask"].all()


def test_weights_of_a_real_artifact_are_counted(family: Family, tmp_path: Path) -> None:
    made = family.made("onnx")
    with opened("onnx") as [child]:
        child.ask("open", folder=str(made.out), **opening(tmp_path, made.out))
        found = profile._weights(child, [16, 32])
    assert found is not None
    assert found.tokens == 32
    assert found.parameters >= found.nonzero > 0
    assert found.multiply_adds is not None


class Slow:
    """Stands in for a predictor: its first calls, the warm-up, take longest."""

    def __init__(self, callers: int, error: Exception | None = None) -> None:
        self.calls = 0
        self.unseen = callers * (sweeps.AT_LEAST // 10)
        self.error = error
        self.lock = threading.Lock()

    def predict(self, inputs: list[str]) -> list[str]:
        with self.lock:
            self.calls += 1
            first = self.calls <= self.unseen
        if self.error and inputs == ["bad"]:
            raise self.error
        time.sleep(0.1 if first else 0.001)
        return inputs


def test_the_clock_of_callers_starts_behind_their_warm_up() -> None:
    slow: Any = Slow(2)
    found = sweeps.at_callers(slow, ["good"], 2, 0.05)
    assert len(found["ms"]) == slow.calls - slow.unseen
    assert 0.05 <= found["wall_s"] < 0.15, "the warm-up alone takes 0.2 s"
    assert max(found["ms"]) < 100


def test_a_caller_that_fails_is_told_and_the_others_do_not_wait() -> None:
    failing: Any = Slow(2, ValueError("no such input"))
    with pytest.raises(ValueError, match="no such input"):
        sweeps.at_callers(failing, ["good", "good", "good", "bad"], 4, 0.05)


def test_a_model_that_takes_none_of_our_lengths_has_no_weights_counted(tmp_path: Path) -> None:
    toy = write_toy(tmp_path, "toy")
    with opened("toy") as [child]:
        child.ask("open", folder=str(toy), **opening(tmp_path, toy))
        assert profile._weights(child, []) is None


def test_a_process_that_died_is_told_by_whatever_comes_next() -> None:
    with pytest.raises(ZooError, match=r"toy: the measured process died \(exit status -9\)"), opened("toy") as [child]:
        child.process.kill()
        child.process.wait()
        child.send("memory")
