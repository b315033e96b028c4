"""A driver's leases, asked of the process of the cluster that keeps all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from zoosmith.execution.cluster.leases import LAPSES_S, Keeper, Leases, held


class Claims:
    """What one driver works on. Nothing is asked before the first step."""

    def __init__(self, owner: str) -> None:
        """owner: who others are told works on it."""
        self.owner = owner
        self._keeper = Keeper(lambda keys: self._leases.keep.remote(keys, owner), _answer)

    @contextmanager
    def held(self, key: str, waiting: Callable[[str], None]) -> Iterator[None]:
        """Nobody else of this cluster works on it meanwhile; `waiting` is told who does before."""
        take, give_back = self._leases.take.remote, self._leases.give_back.remote
        with (
            held(lambda: _answer(take(key, self.owner)), lambda: give_back(key, self.owner), waiting),
            self._keeper.kept(key),
        ):
            yield

    @cached_property
    def _leases(self) -> Any:
        """The process that knows who works on what, started by whoever asks first.

        Where its node is lost it begins anew on another, and knows of who works by the next heartbeat of each.
        """
        import ray

        kept = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(Leases)
        return kept.options(name="zoosmith-leases", get_if_exists=True, lifetime="detached").remote()


def _answer(asked: Any) -> str | None:
    """Who holds the lease; None where nobody can say: then a step may be built twice, to the same bytes."""
    import ray

    try:
        answer: str | None = ray.get(asked, timeout=LAPSES_S)
    except ray.exceptions.RayError:
        return None
    return answer
