"""Inside a measured process: a language model reads prompts of chosen lengths and writes on, token by token."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from zoosmith.contract.errors import ZooError
from zoosmith.toolkit.causal.prompts import prompt_ids

if TYPE_CHECKING:
    from zoosmith.contract.session import LanguageModel

SHORT = {"float32": "f32", "float16": "f16", "bfloat16": "bf16"}
"""Names of torch, as GGUF says them: both stand in one table."""


class Decoding:
    """One sequence of an opened language model, and its only one: its KV cache is all that the memory shows."""

    def __init__(
        self, session: LanguageModel, texts: Sequence[Any], synchronize: Callable[[], object] = lambda: None
    ) -> None:
        """Prompts are made of `texts`; `synchronize` waits until a device has done what it was given."""
        self.session = session
        self.texts = texts
        self.synchronize = synchronize
        self.decoder = session.decoder()

    def about(self) -> dict[str, Any]:
        """Tokens that a sequence holds (None where the session does not tell), and what keys and values are kept in."""
        return {"context": getattr(self.session, "context", None), "kv_type": kv_type(self.session)}

    def passes(self, prompt: int, steps: int, seconds: float, at_least: int, at_most: int) -> dict[str, Any]:
        """Read `prompt` tokens and write one token and `steps` more, again and again for `seconds`.

        Milliseconds of each prompt, of each first token (its prompt in it) and of each later token; processor and wall
        seconds of all. `refused` where the session takes no such length. Raises ZooError where it does not take what
        its own `context` promises.
        """
        try:
            return self._passes(prompt, steps, seconds, at_least, at_most)
        except ZooError as error:
            if prompt + steps <= (self.about()["context"] or 0):
                raise
            return {"refused": str(error)}

    def _passes(self, prompt: int, steps: int, seconds: float, at_least: int, at_most: int) -> dict[str, Any]:
        ids = prompt_ids(self.session.tokenize, self.texts, prompt)
        found: dict[str, list[float]] = {"prompt_ms": [], "first_ms": [], "step_ms": []}
        start, worked = time.perf_counter(), time.process_time()
        for done in range(at_most):
            if done >= at_least and time.perf_counter() - start >= seconds:
                break
            self._pass(ids, steps, found)
        return found | {"cpu_s": time.process_time() - worked, "wall_s": time.perf_counter() - start}

    def _pass(self, ids: list[int], steps: int, found: dict[str, list[float]]) -> None:
        clock = time.perf_counter_ns
        self.decoder.reset()
        start = clock()
        self.decoder.prompt(ids)
        self.synchronize()
        read = clock()
        self.decoder.step()
        last = clock()
        found["prompt_ms"].append((read - start) / 1e6)
        found["first_ms"].append((last - start) / 1e6)
        for _ in range(steps):
            self.decoder.step()  # a token is a number of this process, so a device has done its work
            now = clock()
            found["step_ms"].append((now - last) / 1e6)
            last = now


def kv_type(session: Any) -> str:
    """What keys and values are kept in: what the session says, or the dtype of its model; "unknown" without one."""
    told = getattr(session, "kv_type", None)
    if told is not None:
        return str(told)
    name = str(getattr(getattr(session, "model", None), "dtype", "unknown")).removeprefix("torch.")
    return SHORT.get(name, name)
