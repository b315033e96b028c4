"""What the gallery shows of a registry."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import gallery as made
from tests.support.records import bounded, build, language, language_reference, measurement, reference
from zoosmith.records.registry import Entry, Registry, Row
from zoosmith.records.rows import row
from zoosmith.site import gallery


def registry(*rows: Row) -> Registry:
    return Registry(artifacts={f"{r.recipe}-{r.artifact}": Entry(latest=1, versions={"1": r}) for r in rows})


def toy(**changed: Any) -> Row:
    return row(build(), [measurement()], [], "model_cards/toy-onnx-int8.md").model_copy(update=changed)


def test_one_item_for_each_artifact_and_host_sorted_by_name() -> None:
    items = gallery.items(made.registry(24, ("a", "b")), {})
    assert [item.index for item in items] == list(range(len(items)))
    assert [(item.name, item.host) for item in items] == sorted((item.name, item.host) for item in items)
    assert len(items) == 24 + 8
    assert gallery.hosts(items) == ["a", "b"]


def test_the_longer_suite_counts_and_the_latest_version() -> None:
    quick, full = measurement(), measurement(suite="full", quality={"toy": made_quality(0.95)})
    old, new = toy(), row(build(), [quick, full], [], "card")
    item = gallery.items(Registry(artifacts={"toy-onnx-int8": Entry(latest=2, versions={"1": old, "2": new})}), {})[0]
    assert item.version == 2
    assert item.result is not None
    assert item.result.suite == "full"
    assert item.quality is not None
    assert item.quality.value == pytest.approx(0.94)


def made_quality(accuracy: float) -> dict[str, Any]:
    from tests.support.records import quality

    return quality(accuracy)


def test_the_headline_is_macro_f1_where_there_is_one_and_the_data_set_is_named() -> None:
    known = measurement()
    item = gallery.items(registry(toy()), {(known.name, known.tree_digest, known.host.id, known.suite): known})[0]
    assert item.compared == gallery.Compared("text-classification", "toy.macro_f1", "toy, split eval")
    assert gallery.items(registry(toy()), {})[0].compared == gallery.Compared("text-classification", "toy.macro_f1", "")


def test_a_tree_that_two_families_hold_has_the_data_of_both() -> None:
    mine = measurement()
    other = mine.model_copy(update={"name": "twin-onnx-int8"})
    rows = registry(toy(), toy(recipe="twin"))
    by_key = {(m.name, m.tree_digest, m.host.id, m.suite): m for m in (mine, other)}
    assert {item.name: item.compared and item.compared.data for item in gallery.items(rows, by_key)} == {
        "toy-onnx-int8": "toy, split eval", "twin-onnx-int8": "toy, split eval"
    }  # fmt: skip


@pytest.mark.parametrize("older", [False, True])
def test_a_change_to_another_tree_of_the_reference_is_known(older: bool) -> None:
    base = row(build("toy-fp32"), [reference()], [], "card")
    tree = "0" * 64 if older else base.tree_digest
    mine = toy(results=tuple(one.model_copy(update={"reference_tree": tree}) for one in toy().results))
    found = {item.name: item.other_reference for item in gallery.items(registry(base, mine), {})}
    assert found == {"toy-fp32": "", "toy-onnx-int8": tree if older else ""}


def test_an_artifact_that_nobody_measured_is_shown_but_not_plotted() -> None:
    items = gallery.items(registry(toy(results=())), {})
    assert (items[0].host, items[0].quality, items[0].change, items[0].compared) == ("", None, None, None)
    assert gallery.groups(items) == []


@pytest.mark.parametrize("p50", [float("nan"), float("inf"), 0.0, -1.0])
def test_figures_that_no_axis_can_hold_are_not_plotted(p50: float) -> None:
    result = toy().results[0]
    broken = result.model_copy(update={"latency_ms": result.latency_ms.model_copy(update={"p50": p50})})
    items = gallery.items(registry(toy(results=(broken,))), {})
    assert len(items) == 1
    assert gallery.groups(items) == []


def test_groups_hold_what_may_be_compared_from_fast_to_slow() -> None:
    items = gallery.items(made.registry(64, ("a", "b")), {})
    groups = gallery.groups(items)
    assert {(group.compared.task, group.host) for group in groups} == {
        (item.row.task, item.host) for item in items
    }  # fmt: skip
    for group in groups:
        assert [*group.items] == sorted(group.items, key=gallery.latency)
        assert {(item.compared, item.host) for item in group.items} == {(group.compared, group.host)}


def test_less_is_better_for_perplexity() -> None:
    told = row(build("toy-q8-0"), [language()], [], "card")
    item = gallery.items(registry(told), {})[0]
    assert item.compared == gallery.Compared("text-classification", "text.mean_kl", "", "nats", "lower")
    assert item.compared.lower and not gallery.Compared("text-classification", "sst2.accuracy", "").lower
    assert item.quality is not None and item.change is not None
    assert item.quality.value == item.change.value == 0.0051, "a divergence is the change itself"


def test_the_reference_of_a_divergence_is_compared_with_the_others_and_has_none() -> None:
    told = [(build(m.name), m) for m in (language_reference(), language())]
    items = gallery.items(registry(*(row(b, [m], [], "card") for b, m in told)), {})
    assert [(item.quality.value, item.compared) for item in items if item.quality] == [
        (0.0, items[1].compared), (0.0051, items[0].compared),
    ]  # fmt: skip
    [group] = gallery.groups(items)
    assert len(group.items) == 2


def test_a_task_may_say_what_is_shown_first() -> None:
    item = gallery.items(registry(toy()), {}, {"text-classification": ("accuracy",)})[0]
    assert item.compared == gallery.Compared("text-classification", "toy.accuracy", "")


def test_the_reference_has_no_change() -> None:
    known = row(build("toy-fp32", artifact="fp32"), [reference()], [], "card")
    item = gallery.items(registry(known), {})[0]
    assert item.is_reference
    assert item.change is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "con", "<script>alert(1)</script>", "A", "a" * 101, "x/y", ""])
def test_a_strange_name_gets_a_page_that_stays_in_its_folder(name: str) -> None:
    page = gallery.page_of(name)
    assert page.startswith("x-")
    assert page.removesuffix(".html").replace("-", "").isalnum()
    assert gallery.page_of("toy-onnx-int8") == "toy-onnx-int8.html"


def test_bounds_of_an_item_are_those_of_its_headline() -> None:
    item = gallery.items(registry(toy()), {})[0]
    assert item.quality is not None
    assert item.quality.model_dump() == pytest.approx(bounded(0.89))
