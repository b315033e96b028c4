"""What a new measurement may replace."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support import records
from zoosmith.records.founding import about, by_key, with_new
from zoosmith.records.rows import steady
from zoosmith.records.schema import Measurement

SHAKEN = {"aa": records.bounded(1.1, 0.2, 12), "attempts": 3, "steady": False, "busy": 0.4}
MEASURED = st.builds(
    lambda suite, tree, reference, busy, day: records.measurement(
        suite=suite, tree_digest=records.sha(tree), reference_digest=records.sha(reference),
        steadiness=SHAKEN if busy else None, measured=f"2026-01-{day:02}",
    ),
    st.sampled_from(["quick", "full"]), st.sampled_from("ab"), st.sampled_from("rs"), st.booleans(), st.integers(1, 28),
)  # fmt: skip


def foundation(measured: Measurement) -> tuple[bool, bool]:
    return measured.suite == "full", steady(measured)


@given(st.lists(MEASURED, min_size=1, max_size=8))
def test_nothing_better_founded_is_ever_lost_and_the_newest_is_always_there(run: list[Measurement]) -> None:
    known: list[Measurement] = []
    for new in run:
        before, known = known, with_new(known, new)
        assert new in known
        for old in before:
            if old not in known:
                assert all(now >= then for now, then in zip(foundation(new), foundation(old), strict=True))
        assert len(by_key(known)) == len(known), "each can be asked for"
    assert {"full", "quick"} & set(by_key(known))


@given(MEASURED, MEASURED)
def test_both_suites_about_the_same_stand_side_by_side(one: Measurement, other: Measurement) -> None:
    if about(one) == about(other) and one.suite != other.suite:
        assert with_new([one], other) == [one, other]
