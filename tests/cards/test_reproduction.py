"""The tolerance of a rebuild, in words."""

from __future__ import annotations

from tests.support import records
from tests.support.cards import LINEAGE, SUBJECT
from zoosmith.cards.reproduction import Step, tolerance


def test_equal_bytes_need_the_digest() -> None:
    told = tolerance(SUBJECT, LINEAGE, "toy.macro_f1")
    assert told.startswith("Tolerance: none.")
    assert f"`{records.sha('toy-onnx-int8')}`" in told


def test_a_step_that_is_not_exact_is_named_with_what_is_asked_instead() -> None:
    trained = Step("toy-fp32", "builder finetune", "e" * 64, "logits")
    told = tolerance(SUBJECT, [LINEAGE[0], trained, LINEAGE[1]], "toy.macro_f1")
    assert "logits on the task's probes are within 0.05" in told
    assert "toy-fp32 (builder finetune) claims equal logits" in told
    assert "its toy.macro_f1 is within the interval, 0.8700 to 0.9100" in told
