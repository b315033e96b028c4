"""Families as the gallery shows them: who leads, what to take, in which order."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import gallery as made
from tests.support.records import bounded, build, difference, language, language_reference, sha, text_versus
from zoosmith.records.registry import Entry, Registry, Row
from zoosmith.records.rows import row
from zoosmith.site import family, gallery
from zoosmith.site.gallery import Item

ROWS = {  # speed, loss with half its interval, size
    "fp32": (1.0, 0.0, 0.0, 100), "quick": (9.0, 0.008, 0.01, 30), "small": (2.0, 0.009, 0.01, 10),
    "safe": (3.0, 0.001, 0.004, 60), "lossy": (20.0, 0.05, 0.01, 5), "awful": (30.0, 0.3, 0.02, 4),
}  # fmt: skip


def toy(artifact: str, *hosts: str, recipe: str = "toy") -> Row:
    """A row of ROWS, as each of these hosts measured it."""
    speed, loss, half, size = ROWS[artifact]
    known = next(iter(made.registry(1).artifacts.values())).versions["1"]
    delta = {"macro_f1": difference(-loss, half)}
    result = {
        "suite": "quick", "threads": 1, "quality": {"sst2.macro_f1": bounded(0.9 - loss, 0.013, 1500)},
        "versus": None if artifact == "fp32" else {"sst2": {"delta": delta, "divergence": {}}},
        "latency_ms": {"p50": 20 / speed, "p95": 30 / speed, "p99": 40 / speed},
        "speedup": None if artifact == "fp32" else bounded(speed, 0.1, 12), "memory_mb": {"load": 100, "peak": 200},
    }  # fmt: skip
    changed = {
        "recipe": recipe, "artifact": artifact, "reference": f"{recipe}-fp32", "tree_digest": sha(recipe + artifact),
        "size_total": size * 10**6, "results": [result | {"host": host} for host in hosts],
    }  # fmt: skip
    return Row.model_validate(known.model_dump() | changed)


def items(*rows: Row) -> list[Item]:
    book = Registry(artifacts={f"{r.recipe}-{r.artifact}": Entry(latest=1, versions={"1": r}) for r in rows})
    return family.arranged(gallery.items(book, {}))


def one(*rows: Row) -> family.Family:
    [found] = family.families(items(*rows)).values()
    return found


def all_of(*hosts: str) -> list[Row]:
    return [toy(name, *hosts) for name in ROWS]


def test_each_wish_has_its_artifact_and_says_how_it_was_found() -> None:
    found = one(*all_of("a"))
    assert [(pick.wish, pick.item and pick.item.row.artifact, pick.of) for pick in found.picks] == [
        ("Fastest within 1 point", "quick", 6), ("Smallest within 1 point", "small", 6), ("Safest", "safe", 6),
    ]  # fmt: skip
    assert found.wishes == {"toy-quick": ["fastest"], "toy-small": ["smallest"], "toy-safe": ["safest"]}
    assert found.picks[0].rule == "the fastest with a value at most 1 point worse than the reference's"
    assert found.recommended is not None and found.recommended.name == "toy-quick"


def test_artifacts_are_ordered_by_recommendation_and_what_loses_comes_last() -> None:
    assert [item.row.artifact for item in one(*all_of("a")).items] == [
        "quick", "safe", "small", "fp32", "awful", "lossy"
    ]  # fmt: skip


def test_the_host_that_measured_most_leads_and_each_artifact_has_one_line() -> None:
    rows = [toy("fp32", "a", "b"), toy("quick", "b", "a"), toy("safe", "b"), toy("lossy", "c"), toy("small")]
    found = one(*rows)
    assert found.host == "b"
    assert {item.row.artifact: item.host for item in found.items} == {
        "quick": "b", "safe": "b", "fp32": "b", "lossy": "c", "small": ""
    }  # fmt: skip
    assert [(item.row.artifact, item.host) for item in found.elsewhere] == [("fp32", "a"), ("quick", "a")]
    assert [(pick.wish, pick.of) for pick in found.picks][3:] == [("Fastest within 1 point on a", 2)]
    assert "toy-quick" in found.wishes and found.wishes["toy-quick"] == ["fastest", "smallest"]


def test_the_first_choices_lead_the_gallery_then_families_in_their_order() -> None:
    found = items(
        *all_of("a"), toy("fp32", "a", recipe="ant"), toy("lossy", "a", recipe="ant"), toy("fp32", recipe="zoo")
    )
    assert [item.name for item in found] == [
        "ant-fp32", "toy-quick", "ant-lossy", "toy-safe", "toy-small", "toy-fp32", "toy-awful", "toy-lossy", "zoo-fp32"
    ]  # fmt: skip
    assert [item.index for item in found] == list(range(9))


@pytest.mark.parametrize("rows", [[toy("fp32")], [toy("lossy", "a")]], ids=["not measured", "nothing qualifies"])
def test_without_figures_nothing_is_recommended(rows: list[Row]) -> None:
    found = one(*rows)
    assert found.recommended is None
    assert found.wishes == {}
    assert all(pick.item is None for pick in found.picks)


def test_a_family_of_a_language_model_is_judged_in_nats() -> None:
    told: list[Any] = [language_reference(), language(), language("toy-q4", versus=text_versus(0.5))]
    rows = [row(build(m.name, artifact=m.name.partition("-")[2]), [m], [], "card") for m in told]
    found = one(*rows)
    assert found.compared is not None and found.compared.metric == "text.mean_kl"
    assert found.picks[0].wish == "Fastest within 0.01 nats"
    verdicts = {item.name: (said := family.judged(item)) and said.kind for item in found.items}
    assert verdicts[told[0].name] is None
    assert verdicts[told[1].name] == "no_loss"
    assert verdicts["toy-q4"] == "loss"


def test_the_verdict_is_of_the_headline_metric() -> None:
    kinds = {item.row.artifact: (said := family.judged(item)) and said.kind for item in one(*all_of("a")).items}
    assert kinds == {
        "fp32": None, "quick": "undecided", "small": "undecided", "safe": "no_loss", "lossy": "loss", "awful": "loss"
    }  # fmt: skip
