"""Whole answers: of a language model so many tokens, whatever they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.language import write_torch
from tests.support.toys import write_toy
from zoosmith.capacity import worker
from zoosmith.capacity.load import closed_loop
from zoosmith.capacity.processes import Unanswered, opened
from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.torch_session import TorchSequence


def opening(folder: Path, **changes: Any) -> dict[str, Any]:
    """Arguments of `worker.opened`."""
    told = {"folder": str(folder), "project": str(folder.parents[1]), "threads": 1, "inputs": ["a good film", "bad"]}
    return told | {"tokens": 5, "needs": {}, "device": "cpu"} | changes


def test_a_language_model_writes_as_many_tokens_as_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its end token ends nothing: every answer is the same work. A prompt begins anew each time."""
    steps: list[int] = []
    step = TorchSequence.step
    monkeypatch.setattr(TorchSequence, "step", lambda self: steps.append(token := step(self)) or token)  # type: ignore[func-returns-value]
    ask = worker.opened(**opening(write_torch(tmp_path / "zoo", layers=1)))
    first = ask(0)
    assert isinstance(first, str)
    assert len(steps) == 5
    assert ask(2) == first, "inputs go round"
    assert len(steps) == 10
    assert steps[:5] == steps[5:]


def test_a_prompt_beyond_the_context_is_told(tmp_path: Path) -> None:
    ask = worker.opened(**opening(write_torch(tmp_path / "zoo", layers=1, context=16), tokens=20))
    with pytest.raises(ZooError, match="context"):
        ask(0)


def test_servers_answer_and_are_gone_afterwards(tmp_path: Path) -> None:
    toy = write_toy(tmp_path, "toy", sleep_ms=20)
    with opened(2, opening(toy), seed=0) as servers:
        load = closed_loop(servers, 2, 0.5)
        started = [process.pid for process in servers._started]
        assert servers.memory_mb > 0
        assert servers.cpu_s() > 0
    assert 10 <= len(load.calls) <= 52
    assert min(call.service for call in load.calls) >= 0.02
    assert not any(Path(f"/proc/{pid}").exists() for pid in started)


def test_what_a_server_dies_of_is_told_and_the_others_are_ended(tmp_path: Path) -> None:
    toy = write_toy(tmp_path, "toy", sleep_ms=20)
    with opened(2, opening(toy), seed=0) as servers:
        servers._started[1].kill()
        with pytest.raises(Unanswered, match=r"server 2 of 2 died \(exit status -9\)"):
            closed_loop(servers, 2, 5.0)
    assert all(process.poll() is not None for process in servers._started)


def test_equal_seeds_ask_the_same_in_the_same_order(tmp_path: Path) -> None:
    toy = write_toy(tmp_path, "toy")
    orders = []
    for seed in (1, 1, 2):
        with opened(1, opening(toy), seed=seed) as servers:
            orders.append(servers.order)
    assert orders[0] == orders[1] != orders[2]
    assert set(orders[0]) == {0, 1}
