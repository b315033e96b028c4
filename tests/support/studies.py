"""Made-up records of the families that benchmarks/studies.md needs, below a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks._published import SST2
from benchmarks._recorded import Ours
from benchmarks._study_page import needed
from tests.support import records
from zoosmith.common.canonical import pretty
from zoosmith.common.names import full_name

REFERENCES = {SST2: "fp32"}  # the rest: finetune
TRUE = [0, 1] * 100


def answers(wrong: Sequence[int] = ()) -> dict[str, Any]:
    """An eval of 200 examples in which those at `wrong` are answered wrongly."""
    predicted = [1 - right if i in wrong else right for i, right in enumerate(TRUE)]
    told = records.quality(1 - len(wrong) / 200, n=200, answers=records.answered(TRUE, predicted))
    return {"toy": told | {"metrics": told["metrics"] | {"weighted_f1": records.bounded(0.88)}}}


def record(root: Path, family: str, artifact: str, facts: dict[str, Any] | None = None, **changed: Any) -> Ours:
    """Write an artifact's build and one measurement of suite full, right on 190 of 200 examples."""
    name, reference = full_name(family, artifact), full_name(family, REFERENCES.get(family, "finetune"))
    told = {"reference": reference, "reference_digest": records.sha(reference), "quality": answers(range(10))}
    alone = {"versus": None, "reference_latency_ms": None, "speedup": None} if name == reference else {}
    body = {"suite": "full", "profile": records.profile()} | told | alone | changed
    measured = records.measurement(name, **body)
    build = records.build(name, recipe=family, artifact=artifact, facts=facts or {})
    folder = root / "results" / family / artifact
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "build.json").write_text(pretty(build.model_dump(mode="json", by_alias=True)))
    body = {"schema": 1, "suites": {"full": measured.model_dump(mode="json", by_alias=True)}}
    (folder / f"{measured.host.id}.json").write_text(pretty(body))
    return Ours(build, measured, (measured,))


def record_all(root: Path) -> None:
    """Everything that the page needs."""
    for family, artifact in needed():
        record(root, family, artifact, {"trainable_parameters": 1000, "parameters": 500_000})
