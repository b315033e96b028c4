"""A lease is one owner's, until it is given back or its heartbeats stop."""

import queue
import threading
import time
from contextlib import ExitStack

from hypothesis import given
from hypothesis import strategies as st

from zoosmith.execution.cluster.leases import LAPSES_S, Keeper, Leases, held


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_second_owner_is_told_who_has_it_and_gets_it_once_it_is_given_back() -> None:
    leases = Leases(Clock())
    assert leases.take("step", "one") is None
    assert leases.take("step", "two") == "one"
    leases.give_back("step", "two")
    assert leases.take("step", "two") == "one", "what is not held cannot be given back"
    leases.give_back("step", "one")
    assert leases.take("step", "two") is None


def test_heartbeats_keep_it_and_silence_lets_it_lapse() -> None:
    clock = Clock()
    leases = Leases(clock)
    leases.take("step", "one")
    clock.now = LAPSES_S * 0.9
    assert leases.take("step", "one") is None
    clock.now = LAPSES_S * 1.8
    assert leases.take("step", "two") == "one"
    clock.now = LAPSES_S * 1.95
    assert leases.take("step", "two") is None
    assert leases.take("step", "one") == "two"


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.floats(0, 15))))
def test_never_two_owners_within_a_lapse(events: list[tuple[str, str, float]]) -> None:
    clock = Clock()
    leases = Leases(clock)
    last: dict[str, tuple[str, float]] = {}
    for key, owner, passed in events:
        clock.now += passed
        if leases.take(key, owner) is None:
            before, when = last.get(key, (owner, 0.0))
            assert before == owner or clock.now - when >= LAPSES_S
            last[key] = (owner, clock.now)


def test_who_waits_is_told_once_and_what_was_taken_is_given_back() -> None:
    answers = iter(["one", "one", None])
    told: list[str] = []
    given_back: list[bool] = []
    with held(lambda: next(answers), lambda: given_back.append(True), told.append, pause_s=0.01):
        assert not given_back
    assert (told, given_back) == (["one"], [True])


def test_a_beat_keeps_all_leases_of_an_owner_and_gives_none_back_to_it_that_another_took() -> None:
    clock = Clock()
    leases = Leases(clock)
    leases.take("mine", "one")
    leases.take("taken", "two")
    clock.now = LAPSES_S * 0.9
    leases.keep(["mine", "taken", "lost"], "one")
    clock.now = LAPSES_S * 0.95
    assert leases.take("mine", "two") == leases.take("lost", "two") == "one", "after a restart it learns who works"
    assert leases.take("taken", "one") == "two"


def test_a_thousand_steps_under_way_are_one_call_a_beat_and_none_after_the_last() -> None:
    calls: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
    keeper = Keeper(calls.put, lambda sent: None, beat_s=0.05)
    keys = [f"step{one:03}" for one in range(1000)]
    with ExitStack() as held:
        begun = time.monotonic()
        for key in keys:
            held.enter_context(keeper.kept(key))
        while calls.get(timeout=10) != keys:
            pass
        while calls.get(timeout=10) != keys:
            pass
        beats = (time.monotonic() - begun) / 0.05
        assert calls.qsize() + 2 <= beats + 1
    while not calls.empty():
        calls.get()
    time.sleep(0.2)
    assert calls.empty()


def test_the_last_lease_ends_after_the_call_that_keeps_it() -> None:
    """A thread that waits for Ray while the process ends would have Ray end it with an error."""
    asked, answered, ended = threading.Event(), threading.Event(), threading.Event()

    def hear(sent: object) -> None:
        asked.set()
        answered.wait(10)

    keeper = Keeper(lambda keys: keys, hear, beat_s=0.01)

    def step() -> None:
        with keeper.kept("step"):
            asked.wait(10)
        ended.set()

    thread = threading.Thread(target=step)
    thread.start()
    assert asked.wait(10) and not ended.wait(0.2)
    answered.set()
    assert ended.wait(10)
    thread.join()
