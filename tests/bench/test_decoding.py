"""Inside the measured process: so many tokens, so many times, and never more than the budget."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from zoosmith.bench.decoding import Decoding, kv_type
from zoosmith.bench.generation import FULL, POINT, PROMPT, QUICK, STEPS
from zoosmith.contract.errors import ZooError


class Counting:
    """A session and its only decoder: it counts tokens, holds `holds` of them, and takes `slow` seconds each."""

    def __init__(self, holds: int = 128, slow: float = 0.0, **told: Any) -> None:
        self.holds, self.slow, self.length = holds, slow, 0
        self.resets = self.made = self.read = self.written = 0
        self.__dict__.update(told)

    def tokenize(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]

    def decoder(self) -> Counting:
        self.made += 1
        return self

    def reset(self) -> None:
        self.resets, self.length = self.resets + 1, 0

    def prompt(self, ids: Sequence[int]) -> None:
        time.sleep(self.slow)
        self.length += len(ids)
        self.read += len(ids)
        self.first = True
        self._holds()

    def step(self) -> int:
        time.sleep(self.slow)
        self.length += not self.first
        self.first = False
        self.written += 1
        self._holds()
        return 7

    def _holds(self) -> None:
        if self.length > self.holds:
            raise ZooError(f"no room for {self.length} tokens")


def asked(session: Any, prompt: int = 5, steps: int = 3, seconds: float = 0.0, **bounds: int) -> dict[str, Any]:
    return Decoding(session, ["ab", "c"]).passes(prompt, steps, seconds, **({"at_least": 2, "at_most": 4} | bounds))


def test_each_pass_starts_anew_and_every_time_is_told_once() -> None:
    session = Counting()
    found = asked(session, seconds=60.0)
    assert [len(found[name]) for name in ("prompt_ms", "first_ms", "step_ms")] == [4, 4, 12]
    assert (session.made, session.resets, session.read, session.written) == (1, 4, 4 * 5, 4 * (1 + 3))
    assert all(read <= first for read, first in zip(found["prompt_ms"], found["first_ms"], strict=True))
    assert sum(found["first_ms"]) + sum(found["step_ms"]) <= 1000 * found["wall_s"]


@pytest.mark.parametrize("effort", [QUICK, POINT])
def test_a_slow_model_is_asked_no_more_than_it_must(effort: Any) -> None:
    """All 20 times as fast as a model that takes 0.1 s a token: the least number of passes takes longer than told."""
    session = Counting(slow=0.1 / 20)
    found = Decoding(session, ["ab"]).passes(PROMPT, STEPS, effort.seconds / 20, effort.at_least, effort.at_most)
    assert len(found["prompt_ms"]) == effort.at_least
    assert session.read + session.written == effort.at_least * (PROMPT + STEPS + 1)


def test_a_fast_model_is_stopped_by_tokens_not_by_time() -> None:
    session = Counting()
    found = Decoding(session, ["ab"]).passes(PROMPT, STEPS, 600.0, QUICK.at_least, QUICK.at_most)
    assert len(found["step_ms"]) == QUICK.at_most * STEPS == 4096
    assert QUICK.at_most < FULL.at_most


def test_the_context_is_filled_to_its_last_token_and_not_beyond() -> None:
    assert "refused" not in asked(Counting(holds=8, context=8), prompt=5, steps=3)
    refused = asked(Counting(holds=8, context=8), prompt=6, steps=3)
    assert refused == {"refused": "no room for 9 tokens"}


def test_a_session_that_breaks_its_promise_fails_the_measurement() -> None:
    with pytest.raises(ZooError, match="no room for 7 tokens"):
        asked(Counting(holds=6, context=100))
    assert asked(Counting(holds=6)) == {"refused": "no room for 7 tokens"}, "it promised nothing"


def test_without_a_text_there_is_no_prompt() -> None:
    with pytest.raises(ZooError, match="texts of the eval are empty"):
        Decoding(Counting(context=128), ["", ""]).passes(5, 3, 0.0, 1, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("session", "type"),
    [
        (SimpleNamespace(kv_type="q8_0", model=SimpleNamespace(dtype="torch.float32")), "q8_0"),
        (SimpleNamespace(model=SimpleNamespace(dtype="torch.bfloat16")), "bf16"),
        (SimpleNamespace(model=SimpleNamespace(dtype="torch.float8_e4m3fn")), "float8_e4m3fn"),
        (SimpleNamespace(), "unknown"),
    ],
)
def test_the_type_of_the_cache_is_the_sessions_or_the_models(session: Any, type: str) -> None:
    assert kv_type(session) == type
