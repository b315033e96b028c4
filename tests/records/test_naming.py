"""Moving names of an entry, going back, yanking."""

from __future__ import annotations

import pytest

from tests.support.records import build, measurement, sha
from zoosmith.common.exits import Moved
from zoosmith.contract.errors import ZooError
from zoosmith.records import naming
from zoosmith.records.naming import Author
from zoosmith.records.registry import Entry, Registry, parse, to_text
from zoosmith.records.rows import row

ADA = Author("ada", "2026-01-01T00:00:00+00:00", "tested")


def entry(count: int = 4) -> Entry:
    """`count` versions of toy."""
    trees = [sha(f"tree{number}") for number in range(1, count + 1)]
    rows = [row(build("toy", tree_digest=t), [measurement("toy", tree_digest=t)], [], "") for t in trees]
    return Entry(latest=count, versions={str(number): one for number, one in enumerate(rows, 1)})


def promoted(one: Entry, *numbers: int) -> Entry:
    for number in numbers:
        one = naming.promoted(one, "toy", number, "stable", ADA, seen=one.aliases.get("stable"))
    return one


def test_a_name_moves_and_the_history_says_it() -> None:
    made = naming.promoted(promoted(entry(), 1), "toy", 3, "stable", ADA, seen=1, evidence=sha("e"), forced=True)
    assert made.aliases == {"stable": 3}
    last = made.history[-1]
    assert (last.from_version, last.to_version, last.who, last.why) == (1, 3, "ada", "tested")
    assert (last.tree, last.evidence, last.forced) == (made.versions["3"].tree_digest, sha("e"), True)
    again = parse(to_text(Registry(artifacts={"toy": made})), "file")
    assert again.artifacts["toy"] == made


def test_a_file_whose_history_was_edited_is_refused_with_the_entry() -> None:
    text = to_text(Registry(artifacts={"toy": promoted(entry(), 1, 2)}))
    with pytest.raises(ZooError, match=r"artifacts\.toy: entry 1 of the history was changed after it was written"):
        parse(text.replace('"who": "ada"', '"who": "eve"', 1), "file")
    with pytest.raises(ZooError, match="are not those of the history"):
        parse(text.replace('"stable": 2', '"stable": 3', 1), "file")


def test_who_looked_at_another_state_is_told() -> None:
    one = promoted(entry(), 1, 2)
    with pytest.raises(Moved, match="toy:stable was version 1 when it was looked at and is version 2 now"):
        naming.promoted(one, "toy", 3, "stable", ADA, seen=1)
    with pytest.raises(Moved, match="was no version"):
        naming.promoted(one, "toy", 3, "stable", ADA, seen=None)


def test_back_is_the_version_before_that_is_not_yanked() -> None:
    one = promoted(entry(), 1, 2, 3)
    assert naming.back_from(one, "toy", "stable") == 2
    assert naming.back_from(naming.yanked(one, "toy", 2, ADA), "toy", "stable") == 1
    back = naming.rolled_back(one, "toy", "stable", 2, ADA, seen=3)
    assert (back.aliases, naming.back_from(back, "toy", "stable")) == ({"stable": 2}, 1)
    first = promoted(entry(), 1)
    assert naming.back_from(first, "toy", "stable") is None
    assert naming.rolled_back(first, "toy", "stable", None, ADA, seen=1).aliases == {}


@pytest.mark.parametrize(("to", "said"), [(9, "toy has no version 9"), (3, "is version 3 already"), (2, "was yanked")])
def test_where_a_name_cannot_go_back_to(to: int, said: str) -> None:
    one = naming.yanked(promoted(entry(), 1, 3), "toy", 2, ADA)
    with pytest.raises(ZooError, match=said):
        naming.back_from(one, "toy", "stable", to)
    by_hand = entry().model_copy(update={"aliases": {"stable": 2}})
    with pytest.raises(ZooError, match="was given by hand"):
        naming.back_from(by_hand, "toy", "stable")
    with pytest.raises(ZooError, match="did you mean 'stable'"):
        naming.back_from(one, "toy", "stabel")


def test_a_yanked_version_is_chosen_by_nothing_and_may_come_back() -> None:
    one = naming.yanked(entry(3), "toy", 3, ADA)
    assert (one.latest, one.newest, one.yanked) == (3, 2, {"3": "tested"})
    with pytest.raises(ZooError, match="toy@3 was yanked"):
        promoted(one, 3)
    with pytest.raises(ZooError, match="was yanked already"):
        naming.yanked(one, "toy", 3, ADA)
    again = naming.restored(one, "toy", 3, ADA)
    assert (again.newest, again.yanked, [step.what for step in again.history]) == (3, {}, ["yank", "restore"])
    with pytest.raises(ZooError, match="toy@1 is not yanked"):
        naming.restored(again, "toy", 1, ADA)


def test_what_a_name_stands_for_is_not_yanked_and_all_may_be() -> None:
    with pytest.raises(ZooError, match="`zoosmith rollback toy stable`"):
        naming.yanked(promoted(entry(), 2), "toy", 2, ADA)
    one = naming.yanked(naming.yanked(entry(2), "toy", 1, ADA), "toy", 2, ADA)
    assert one.newest is None
