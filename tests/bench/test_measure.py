"""The measuring step as a whole: what suite full adds, what is told before, where it ran."""

from __future__ import annotations

import shutil
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from tests.support import labelled
from tests.support.fast import write_fast_zoo
from tests.support.here import bring_up, open_here
from tests.support.language import as_task, reading, write_llama_cpp, write_torch
from tests.support.table import edit
from tests.support.toys import opening, silent, write_toy
from tests.support.zoo import write_recipe
from zoosmith.bench import generation, measure, profile, steadiness
from zoosmith.bench.generation import Effort
from zoosmith.bench.host import this_host
from zoosmith.bench.speed import Plan
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.execution.executor import StepFailed
from zoosmith.execution.worker import Step
from zoosmith.recipes.graph import Ref
from zoosmith.records.schema import Measurement

REFERENCE, ARTIFACT = Ref("family0", "a0"), Ref("family0", "a1")


def built(project: Path, *refs: Ref) -> Workspace:
    """A zoo of two tables that say they are made for VNNI; `refs` are in its store."""
    write_fast_zoo(project)
    builder = project / "builders" / "table.py"
    edit(builder, "    scale: float = 1.0\n", '    scale: float = 1.0\n    target: str = "vnni"\n')
    workspace = open_here(project)
    for ref in refs:
        bring_up(workspace, ref)
        workspace.make("artifact", ref)
    return workspace


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """As little as there is to time, and no waiting for a steady host."""
    monkeypatch.setattr(measure, "QUICK", Plan(starts=2, turns=2, block_s=0.01))
    monkeypatch.setattr(measure, "FULL", Plan(starts=2, turns=2, block_s=0.01))
    monkeypatch.setattr(measure, "PROFILE_S", 0.01)
    monkeypatch.setattr(steadiness, "ATTEMPTS", 1)


def measured(workspace: Workspace, ref: Ref, suite: str) -> Measurement:
    record = workspace.measure(ref, suite)
    return Measurement.model_validate_json(workspace.store.read(record.tree, "result.json"))


@pytest.mark.parametrize("suite", ["quick", "full"])
def test_sides_that_do_not_fit_together_are_opened_one_at_a_time_and_the_reader_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suite: str
) -> None:
    workspace, told = built(tmp_path / "z", REFERENCE, ARTIFACT), "do not fit into 600 MiB of memory together"
    monkeypatch.setattr(measure, "memory_mb", lambda: 600)
    assert not [text for text in measured(workspace, REFERENCE, suite).warnings if told in text]
    monkeypatch.setattr(measure.speed, "compare", None)
    alone = measured(workspace, ARTIFACT, suite)
    assert [text for text in alone.warnings if told in text]
    assert alone.speedup is not None
    assert alone.speedup.n == 2


def test_suite_full_measures_what_quick_leaves_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(Step, "say", lambda self, text: said.append(text))
    workspace = built(tmp_path / "z", REFERENCE, ARTIFACT)
    for ref in (REFERENCE, ARTIFACT):
        quick = measured(workspace, ref, "quick")
        assert (quick.steadiness, quick.profile) == (None, None)
    assert not [text for text in said if text.startswith("A/A")]
    reference, artifact = (measured(workspace, ref, "full") for ref in (REFERENCE, ARTIFACT))
    assert len([text for text in said if text.startswith("A/A")]) == 2, "the A/A run is printed"
    assert reference.speedup is None
    assert artifact.speedup is not None
    assert artifact.speedup.n == 2
    for full in (reference, artifact):
        assert full.steadiness is not None
        assert full.steadiness.aa.n == 2
        assert full.profile is not None
        assert len(full.profile.by_length) == 6
        assert (full.suite, full.device, full.vram_mb) == ("full", "cpu", None)


def test_the_rows_that_the_recipe_names_are_measured(tmp_path: Path) -> None:
    workspace = built(tmp_path / "z", REFERENCE)
    whole = measured(workspace, REFERENCE, "quick").quality["toy"]
    assert (whole.rows, whole.n) == (None, whole.examples_total)
    recipe = yaml.safe_load((tmp_path / "z" / "recipes" / "family0.yaml").read_text(encoding="utf-8"))
    recipe["evals"]["toy"]["rows"] = whole.n - 3
    write_recipe(tmp_path / "z", recipe, "family0")
    fewer = measured(open_here(tmp_path / "z"), REFERENCE, "quick").quality["toy"]
    assert (fewer.rows, fewer.n, fewer.examples_total) == (whole.n - 3,) * 3


def test_a_host_without_vnni_is_warned_of_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    outcomes_of = measure.quality.outcomes_of
    monkeypatch.setattr(measure, "this_host", lambda: this_host().model_copy(update={"isa": ("avx2",)}))
    monkeypatch.setattr(Step, "say", lambda self, text: order.append(text))
    monkeypatch.setattr(measure.quality, "outcomes_of", lambda *a: order.append("measured") or outcomes_of(*a))
    found = measured(built(tmp_path / "z", REFERENCE), REFERENCE, "quick")
    assert "VNNI, which this host has not" in order[0]
    assert order[1:] == ["measured"]
    assert found.warnings == (order[0],)


def test_a_device_that_the_runtime_does_not_know_ends_the_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = built(tmp_path / "z", REFERENCE)
    monkeypatch.setenv("ZOOSMITH_DEVICE", "cuda")
    with pytest.raises(StepFailed, match="table artifacts answer on cpu; found device 'cuda'"):
        workspace.measure(REFERENCE, "quick")
    monkeypatch.delenv("ZOOSMITH_DEVICE")
    assert measured(workspace, REFERENCE, "quick").device == "cpu"


def test_work_on_the_cpu_where_a_gpu_was_asked_for_ends_the_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that claims a GPU, with the trace that a torch profiler wrote on the CPU."""
    step = SimpleNamespace(scratch=tmp_path)
    asked: list[str] = []

    class Claims:
        def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
            asked.append(do)
            if do == "trace":
                shutil.copyfile(Path(__file__).parent / "traces" / "cpu.json", arguments["file"])
            return {"vram_before": 0, "vram": {"load": 90, "peak": 120, "growth": 30}}

    monkeypatch.setattr(measure, "opened", lambda *_: nullcontext([Claims()]))
    with pytest.raises(ZooError, match=r"measured on cuda, but these layers ran on the CPU: 0 \(aten::embedding"):
        measure._check_device(step, tmp_path, {"device": "cuda"})  # type: ignore[arg-type]
    assert asked == ["open", "trace", "memory"]


@pytest.mark.parametrize("suite", ["quick", "full"])
def test_what_writes_is_looked_into_by_its_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suite: str) -> None:
    folder = write_llama_cpp(write_torch(tmp_path, layers=1))
    monkeypatch.setattr(generation, "POINT", Effort(0.0, 1, 1))
    monkeypatch.setattr(generation, suite.upper(), Effort(0.0, 1, 1))
    step: Any = SimpleNamespace(inputs={"suite": suite}, project=tmp_path, progress=silent, say=silent)
    found = measure._looked_into(step, folder, reading(tmp_path, folder))
    assert found["latency_of"] == "token"
    assert found["generation"].token_ms.n == 16
    assert [at.tokens for at in found["generation"].by_context] == ([128] if suite == "full" else [])
    assert (found["profile"] is not None) is (suite == "full")
    assert found["profile"] is None or found["profile"].by_length == ()
    toy = write_toy(tmp_path, "toy", positions=32)
    called = measure._looked_into(step, toy, opening(tmp_path, toy))
    assert (called["latency_of"], called["generation"]) == ("call", None)
    assert (called["profile"] is not None) is (suite == "full")
    assert called["profile"] is None or len(called["profile"].by_length) == 2


def test_what_answers_prompts_is_looked_into_by_its_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = labelled.spec(labels=("a", "b"), prompt="{first} {second} ")
    folder = as_task(write_llama_cpp(write_torch(tmp_path, layers=1)), task)
    monkeypatch.setattr(profile, "COLD_STARTS", 1)
    monkeypatch.setattr(measure, "PROFILE_S", 0.01)
    step: Any = SimpleNamespace(inputs={"suite": "full"}, project=tmp_path, progress=silent, say=silent)
    arguments = reading(tmp_path, folder) | {"inputs": [["one", "two"], ["a model", "a zoo"]]}
    found = measure._looked_into(step, folder, arguments)
    assert (found["latency_of"], found["generation"]) == ("call", None)
    assert [at.callers for at in found["profile"].by_callers] == list(profile.CALLERS)
    assert found["profile"].by_length == found["profile"].by_batch == ()
    assert found["profile"].cold_start_ms is not None
