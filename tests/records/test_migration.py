"""Schema 1 is read, and nothing that it said of one eval is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support import records
from tests.support.zoo import ROOT
from zoosmith.records import registry
from zoosmith.records.migration import migrated
from zoosmith.records.schema import Measurement

OLD = Path(__file__).parent / "schema1"
HOSTS = [file for file in sorted(ROOT.glob("results/*/*/*.json")) if file.name != "build.json"]


def schema_1_held(file: Path) -> bool:
    """Whether schema 1 had a place for all of a file: evals of classes alone, nothing sliced, beside them or cut."""
    evals = [q for one in json.loads(file.read_text())["suites"].values() for q in one["quality"].values()]
    more = ("slices", "baselines", "cut")
    return all(q["details"]["kind"] == "classes" and not any(key in q | q["details"] for key in more) for q in evals)


CLASSES = [file for file in HOSTS if schema_1_held(file)]
NAME = "minilm-imdb-torch-int8"


def older(told: dict[str, Any]) -> dict[str, Any]:
    """A measurement of one eval as schema 1 had it."""
    quality = {id: {k: v for k, v in q.items() if k != "details"} | q["details"] for id, q in told["quality"].items()}
    for one in quality.values():
        assert one.pop("kind") == "classes"
    kinds = {id: q["kind"] for id, q in told["quality"].items()}
    quality = {id: q | {"kind": kinds[id]} for id, q in quality.items()}
    pooled = None
    for id, versus in (told["versus"] or {}).items():
        apart = {name: metric["value"] for name, metric in versus["divergence"].items()}
        delta = {f"{id}.{name}": change for name, change in versus["delta"].items()}
        pooled = apart | {"lost": versus["lost"], "won": versus["won"], "delta": delta}
    kept = {name: value for name, value in told.items() if name != "versus"}
    return kept | {"schema": 1, "quality": quality, "vs_reference": pooled}


@pytest.mark.parametrize("file", CLASSES, ids=lambda file: "-".join(file.parts[-3:]))
def test_every_recorded_measurement_comes_out_of_its_older_form(file: Path) -> None:
    told = json.loads(file.read_text())
    old = {"schema": 1, "suites": {name: older(one) for name, one in told["suites"].items()}}
    before = json.dumps(old)
    found = migrated(old)
    assert json.dumps(old) == before, "what is given is not changed"
    suites = {name: Measurement.model_validate(one) for name, one in found["suites"].items()}
    assert found["schema"] == 2
    assert {name: one.model_dump(mode="json", by_alias=True) for name, one in suites.items()} == told["suites"]
    assert migrated(found) == found


def test_all_recorded_artifacts_were_seen() -> None:
    assert len({file.parent for file in CLASSES}) >= 35
    assert all(json.loads(file.read_text())["schema"] == 2 for file in HOSTS)


def test_a_saved_file_of_schema_1_is_read_with_all_its_figures() -> None:
    old = json.loads((OLD / "host.json").read_text())["suites"]["quick"]
    found = Measurement.model_validate(old)
    assert found.versus is not None
    versus, pooled = found.versus["imdb"], old["vs_reference"]
    assert (versus.lost, versus.won) == (pooled["lost"], pooled["won"])
    assert versus.divergence["agreement"].value == pooled["agreement"]
    assert versus.divergence["max_abs_logit_diff"].value == pooled["max_abs_logit_diff"]
    assert {f"imdb.{name}" for name in versus.delta} == set(pooled["delta"])
    assert found.quality["imdb"].classes is not None
    assert list(map(list, found.quality["imdb"].classes.confusion)) == old["quality"]["imdb"]["confusion"]
    assert found == Measurement.model_validate(migrated(old))


def test_a_saved_registry_of_schema_1_is_read_and_written_as_schema_2() -> None:
    text = (OLD / "registry.json").read_text()
    found = registry.parse(text, "registry.json")
    [result] = found.artifacts[NAME].versions["1"].results
    old = json.loads(text)["artifacts"][NAME]["versions"]["1"]["results"][0]
    assert result.versus is not None
    assert result.versus["imdb"].divergence["agreement"].value == old["vs_reference"]["agreement"]
    assert result.versus["imdb"].delta["accuracy"].value == old["vs_reference"]["delta"]["imdb.accuracy"]["value"]
    assert {name: told.value for name, told in result.metrics()} == {n: v["value"] for n, v in old["quality"].items()}
    assert json.loads(registry.to_text(found))["schema"] == 2
    assert registry.parse(registry.to_text(found), "again") == found


@pytest.mark.parametrize("broken", ['{"schema": 1, "artifacts": {"a": {}}}', '{"schema": 1, "artifacts": [1]}'])
def test_a_damaged_registry_of_schema_1_is_told(broken: str) -> None:
    with pytest.raises(registry.ZooError, match="is of schema 1, and damaged"):
        registry.parse(broken, "registry.json")


TRUE = [0, 1] * 50


def of_two(name: str, toy: list[int], hard: list[int], **changed: Any) -> dict[str, Any]:
    """A measurement of two evals as schema 1 had it, with 9 answers lost and 4 won over both."""
    answers = {"toy": records.answered(TRUE, toy), "hard": records.answered(TRUE, hard)}
    quality = {id: records.quality(n=100, answers=packed) for id, packed in answers.items()}
    told = records.measurement(name, quality=quality, versus=None, **changed).model_dump(mode="json", by_alias=True)
    delta = {f"{id}.accuracy": records.difference(-0.02) for id in quality}
    pooled = {"agreement": 0.9, "max_abs_logit_diff": 2.0, "lost": 9, "won": 4, "delta": delta}
    return older(told) | {"vs_reference": pooled}


def flipped(count: int) -> list[int]:
    return [1 - label for label in TRUE[:count]] + TRUE[count:]


def test_counts_of_several_evals_come_from_the_answers_of_both_sides() -> None:
    reference = of_two("toy-fp32", TRUE, flipped(4)) | {"vs_reference": None}
    found = Measurement.model_validate(migrated(of_two("toy-onnx-int8", flipped(9), TRUE), reference))
    assert found.versus is not None
    assert (found.versus["toy"].lost, found.versus["toy"].won) == (9, 0)
    assert (found.versus["hard"].lost, found.versus["hard"].won) == (0, 4)
    assert found.versus["toy"].divergence["agreement"].value == 0.91
    assert "max_abs_logit_diff" not in found.versus["toy"].divergence, "it was the largest of both"
    assert found.versus["hard"].delta["accuracy"].value == -0.02
    of_schema_2 = migrated(reference)
    assert migrated(of_two("toy-onnx-int8", flipped(9), TRUE), of_schema_2) == migrated(
        of_two("toy-onnx-int8", flipped(9), TRUE), reference
    )


def test_counts_of_several_evals_are_left_out_where_nothing_tells_them() -> None:
    found = Measurement.model_validate(of_two("toy-onnx-int8", flipped(9), TRUE))
    assert found.versus is not None
    for versus in found.versus.values():
        assert (versus.lost, versus.won, versus.divergence) == (None, None, {})
        assert versus.delta["accuracy"].value == -0.02
