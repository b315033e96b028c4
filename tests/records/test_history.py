"""The chain of a history: what is altered, taken out or put in between is noticed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.records import sha
from zoosmith.contract.errors import ZooError
from zoosmith.records.history import Move, alias_name, fault, head, moved, standing, stood


def chain(*steps: dict[str, Any]) -> tuple[Move, ...]:
    """A history of these changes, each with what all have."""
    made: tuple[Move, ...] = ()
    for number, told in enumerate(steps, 1):
        body = {"what": "promote", "artifact": "toy", "who": "ada", "when": f"2026-01-{number:02}T00:00:00+00:00"}
        made = (*made, moved(made, **(body | told)))
    return made


def to(number: int | None, was: int | None = None, **more: Any) -> dict[str, Any]:
    return {"alias": "stable", "from_version": was, "to_version": number, "version": number, **more}


GOOD = chain(to(1), to(2, 1, evidence=sha("e")), {"what": "yank", "version": 1, "why": "leaks"}, to(3, 2))


def test_a_history_says_where_names_stand() -> None:
    assert standing(GOOD) == ({"stable": 3}, {"1": "leaks"})
    assert fault(GOOD, {"stable": 3, "by-hand": 7}, {"1": "leaks"}) is None
    assert fault((), {"by-hand": 7}, {}) is None
    assert (head(()), head(GOOD)) == ("0" * 64, GOOD[-1].digest)


@pytest.mark.parametrize("number", range(len(GOOD)))
@pytest.mark.parametrize("changed", [{"who": "eve"}, {"why": "none"}, {"when": "2025-01-01T00:00:00+00:00"},
                                     {"evidence": sha("x")}, {"to_version": 9}, {"forced": True}])  # fmt: skip
def test_an_entry_that_was_changed_is_noticed(number: int, changed: dict[str, Any]) -> None:
    bad = [*GOOD]
    bad[number] = bad[number].model_copy(update=changed)
    assert f"entry {number + 1} of the history was changed" in str(fault(bad, {"stable": 3}, {"1": "leaks"}))
    bad[number] = bad[number].model_copy(update={"digest": bad[number].own})  # its own digest made anew
    told = str(fault(bad, *standing(bad)))
    last = number == len(GOOD) - 1
    assert (told == "None") is last, "only the end of the chain may be written anew; who read it before notices that"
    assert last or f"entry {number + 2} of the history does not follow" in told


@pytest.mark.parametrize("bad", [GOOD[1:], (GOOD[0], *GOOD[2:]), (GOOD[1], GOOD[0], *GOOD[2:]), (*GOOD, GOOD[-1])])
def test_one_taken_out_or_moved_is_noticed(bad: tuple[Move, ...]) -> None:
    assert "does not follow the one before" in str(fault(bad, *standing(bad)))


def test_what_is_carried_leaves_out_a_name_of_a_version_that_is_not_there_and_no_other() -> None:
    assert fault(GOOD, {}, {"1": "leaks"}, {"1", "2"}) is None
    assert "are not those of the history" in str(fault(GOOD, {}, {"1": "leaks"}, {"1", "2", "3"}))
    assert "are not those of the history" in str(fault(GOOD, {"stable": 2}, {"1": "leaks"}, {"1", "2"}))


def test_what_stands_beside_it_must_agree() -> None:
    assert "are not those of the history" in str(fault(GOOD, {"stable": 1}, {"1": "leaks"}))
    assert "the yanked versions" in str(fault(GOOD, {"stable": 3}, {}))
    assert "the yanked versions" in str(fault(GOOD, {"stable": 3}, {"1": "another reason"}))


def test_versions_that_a_name_was_rolled_back_from_are_none_to_go_back_to() -> None:
    found = chain(to(1), to(2, 1), to(3, 2), to(2, 3, what="rollback"))
    assert stood(found, "stable") == [1, 2]
    found = chain(to(1), to(2, 1), to(1, 2, what="rollback"), to(4, 1))
    assert stood(found, "stable") == [1, 4]
    assert stood(found, "other") == []


@pytest.mark.parametrize("name", ["3", "v3", "latest", "Stable", "a b", "", "x" * 50])
def test_what_is_no_alias(name: str) -> None:
    with pytest.raises(ZooError, match="cannot be the name of an alias"):
        alias_name(name)
