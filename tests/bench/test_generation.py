"""Suites for generation on tiny language models: what is counted, how far it goes, who is told of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.language import reading, write_llama_cpp, write_torch
from tests.support.toys import silent
from zoosmith.bench import generation, profile, speed
from zoosmith.bench.generation import Effort
from zoosmith.bench.process import opened
from zoosmith.contract.errors import ZooError


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One model as two artifacts whose sessions hold 128 tokens."""
    folder = tmp_path_factory.mktemp("zoo")
    write_llama_cpp(write_torch(folder, layers=1))
    return folder


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few tokens, and every host is idle enough."""
    for name in ("QUICK", "FULL", "POINT"):
        monkeypatch.setattr(generation, name, Effort(0.01, 2, 3))
    monkeypatch.setattr(generation, "BUSY", 1.0)


def artifact(project: Path, name: str) -> Path:
    return project / "artifacts" / name


@pytest.mark.parametrize(("name", "kv_type"), [("torch", "f32"), ("gguf", "f16")])
def test_suite_quick_tells_reading_and_writing_apart(project: Path, name: str, kv_type: str) -> None:
    folder = artifact(project, name)
    found = generation.measure(folder, reading(project, folder), silent, False, silent)
    assert (found.prompt_tokens, found.kv_type) == (32, kv_type)
    assert 2 <= found.ttft_ms.n <= 3
    assert found.token_ms.n == 16 * found.ttft_ms.n
    for latency in (found.ttft_ms, found.token_ms):
        assert 0 < latency.p50 <= latency.p95 <= latency.p99
    assert found.per_s == pytest.approx(1000 / found.token_ms.p50, rel=0.02)
    assert found.prompt_per_s >= 32 * 1000 / found.ttft_ms.p99, "the prompt alone takes no longer than with a token"
    assert (found.by_context, found.by_threads) == ((), ())


def test_suite_full_goes_as_far_as_the_context(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session holds 128 tokens: the points beyond it are left out, and no process is started for them."""
    starts: list[str] = []
    monkeypatch.setattr(generation, "opened", lambda name: starts.append(name) or opened(name))
    monkeypatch.setattr(generation, "CONTEXTS", (32, 128, 129, 512))
    monkeypatch.setattr(generation, "thread_counts", lambda cores: [1, cores])
    folder = artifact(project, "gguf")
    found = generation.measure(folder, reading(project, folder), silent, True, silent)
    assert [at.tokens for at in found.by_context] == [32, 128]
    assert [at.threads for at in found.by_threads] == [1, len(speed.os.sched_getaffinity(0))]
    assert len(starts) == 1 + 2 + 2
    for at in (*found.by_context, *found.by_threads):
        assert at.n in (2 * 16, 3 * 16)
        assert min(at.per_s, at.prompt_per_s) > 0
    assert all(at.memory_mb > 10 for at in found.by_context)


def test_memory_has_the_cache_of_its_context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """4 layers x 2 x 256 values x 4 bytes are 8 KiB a token: 16 MiB more at 2048 tokens than at 32."""
    monkeypatch.setattr(generation, "CONTEXTS", (32, 2048))
    monkeypatch.setattr(generation, "thread_counts", lambda cores: [])
    folder = write_torch(tmp_path, context=2048, hidden=512, layers=4, heads=2)
    found = generation.measure(folder, reading(tmp_path, folder), silent, True, silent)
    short, long = found.by_context
    assert long.memory_mb >= short.memory_mb + 16


def test_a_host_at_work_tells_no_speed_of_several_threads(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "BUSY", -1.0)
    monkeypatch.setattr(generation, "thread_counts", lambda cores: [1, 2])
    folder, said = artifact(project, "gguf"), []
    found = list(generation._by_threads(folder, reading(project, folder), silent, said.append))
    assert [at.threads for at in found] == [1]
    assert len(said) == 1
    assert said[0].endswith("no speed is told with 2 threads")


@pytest.mark.parametrize(("cores", "counts"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (8, [1, 2, 4, 8])])
def test_threads_are_doubled_up_to_the_cores(cores: int, counts: list[int]) -> None:
    assert generation.thread_counts(cores) == counts


def test_without_a_text_there_is_no_prompt(project: Path) -> None:
    folder = artifact(project, "gguf")
    with pytest.raises(ZooError, match="artifact: ZooError: the texts of the eval are empty"):
        generation.measure(folder, reading(project, folder, texts=("",)), silent, False, silent)


def test_a_context_too_short_for_the_suite_is_told(tmp_path: Path) -> None:
    folder = write_llama_cpp(write_torch(tmp_path, context=40, layers=1))
    with pytest.raises(ZooError, match=r"32 tokens and 16 more: .* do not fit into a context of 40"):
        generation.measure(folder, reading(tmp_path, folder), silent, False, silent)


@pytest.mark.parametrize(("name", "counted"), [("torch", True), ("gguf", False)])
def test_the_profile_of_a_language_model_is_cold_start_and_weights(
    project: Path, name: str, counted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    cold_start = profile.cold_start
    monkeypatch.setattr(profile, "cold_start", lambda *given: cold_start(*given, starts=1))
    folder = artifact(project, name)
    found = profile.measure_generator(folder, reading(project, folder), silent)
    assert (found.by_length, found.by_batch, found.by_callers) == ((), (), ())
    assert min(found.cold_start_ms.imports, found.cold_start_ms.load, found.cold_start_ms.first) > 0
    assert (found.weights is not None) is counted
    if found.weights is not None:
        assert found.weights.parameters >= found.weights.nonzero > 100_000
        assert (found.weights.multiply_adds, found.weights.tokens) == (None, None)


def test_a_gguf_is_compared_with_its_checkpoint_token_by_token(project: Path) -> None:
    """Both keep to their thread and sleep while they wait, though each reads its prompt again in its turn."""
    sides = {"artifact": artifact(project, "gguf"), "reference": artifact(project, "torch")}
    plan = speed.Plan(starts=2, turns=4, block_s=0.05)
    found = speed.compare(sides, reading(project, *sides.values()), plan, silent)
    ratio = found.ratio("reference")
    assert ratio.value > 1.0, "transformers takes milliseconds of Python a token"
    assert ratio.n == plan.starts
    assert len(found.ms["artifact"]) == len(found.ms["reference"]) >= 8 * plan.starts * plan.turns


def test_threads_of_llama_cpp_sleep_while_they_wait(project: Path) -> None:
    """`compare` proves it of both sides, and that two threads are no more."""
    folder = artifact(project, "gguf")
    plan = speed.Plan(starts=1, turns=6, block_s=0.3)
    found = speed.compare({"artifact": folder, "again": folder}, reading(project, folder, threads=2), plan, silent)
    assert len(found.ms["artifact"]) == len(found.ms["again"]) > 0


def test_the_prompt_is_work_of_its_side_and_no_token_of_its_own(project: Path) -> None:
    """In 65 tokens it is read twice: their times are told, and processor time counts the prompts too."""
    folder = artifact(project, "gguf")
    with opened("gguf") as [child]:
        child.ask("open", folder=str(folder), **reading(project, folder))
        before: dict[str, Any] = child.ask("usage")
        block = child.ask("time", calls=65)
        after = child.ask("usage")
    assert len(block["ms"]) == 65
    assert sum(block["ms"]) < 1000 * block["wall_s"]
    assert after["total"] - before["total"] - block["cpu_s"] < 0.02


def test_an_artifact_opens_without_texts_where_nothing_is_timed(project: Path) -> None:
    folder = artifact(project, "gguf")
    with opened("gguf") as [child]:
        child.ask("open", folder=str(folder), **reading(project, folder, texts=()))
        with pytest.raises(ZooError, match="there is no prompt to time"):
            child.ask("time", calls=1)
