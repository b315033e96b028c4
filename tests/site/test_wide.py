"""Plots of family pages: which names stand beside the dots, where, and what is left out."""

from __future__ import annotations

import pytest

from tests.site.test_family import ROWS, all_of, items, one, toy
from tests.support.zoo import ROOT
from zoosmith.build.workspace import Workspace
from zoosmith.plots.labels import Box
from zoosmith.records.registry import Row
from zoosmith.site import plots, wide
from zoosmith.site.collect import collect


def drawn(rows: list[Row], by: str = "latency") -> wide.Wide:
    family = one(*rows)
    return wide.wide(family, family.groups[0], by)


def box(name: wide.Name, width: float, height: float) -> Box:
    """What a name covers, in pixels."""
    length = len(name.text) * wide.LETTER
    left = {"start": 0.0, "middle": length / 2, "end": length}[name.anchor]
    x, y = name.dot.x * width / 100 + name.dx - left, name.dot.y * height / 100 + name.dy
    return Box(x, y - wide.LINE + 4, x + length, y + 4)


def test_the_chosen_the_reference_and_the_front_are_named_and_nothing_else() -> None:
    rows = [*all_of("a"), toy("lossy", "a", recipe="toy").model_copy(update={"artifact": "also", "size_total": 10**9})]
    found = drawn(rows, "size")
    roles = {name.text: name.role for name in found.names["roomy"]}
    assert roles == {
        "quick": "chosen", "small": "chosen", "safe": "chosen", "fp32 (reference)": "reference", "lossy": "front"
    }  # fmt: skip


def test_what_would_squash_the_rest_is_told_in_words() -> None:
    found = drawn(all_of("a"))
    assert [item.row.artifact for item in found.left_out] == ["awful"]
    assert found.far == "10 points"
    assert "awful" not in {dot.item.row.artifact for dot in found.plot.dots}
    assert len(found.plot.dots) == len(ROWS) - 1


def test_a_plot_of_nothing_but_losses_is_still_drawn() -> None:
    assert [dot.item.row.artifact for dot in drawn([toy("awful", "a")]).plot.dots] == ["awful"]


@pytest.mark.parametrize("by", ["latency", "size"])
@pytest.mark.parametrize("size", list(wide.SIZES))
def test_names_of_this_zoos_families_cover_no_dot_and_no_other_name(by: str, size: str) -> None:
    families = collect(Workspace(ROOT)).families
    assert max(len(family.items) for family in families.values()) >= 29
    for family in families.values():
        for group in family.groups:
            found = wide.wide(family, group, by)
            names = found.names[size]
            assert {name.dot.item.name for name in names} >= set(family.wishes) & {i.name for i in group.items}
            boxes = [box(name, *wide.SIZES[size]) for name in names]
            for number, one_box in enumerate(boxes):
                assert not [other for other in boxes[:number] if one_box.overlaps(other)], family.id
                points = [(d.x * wide.SIZES[size][0] / 100, d.y * wide.SIZES[size][1] / 100) for d in found.plot.dots]
                assert not [p for p in points if one_box.overlaps(Box(p[0] - 3, p[1] - 3, p[0] + 3, p[1] + 3))]


def test_divergences_that_are_orders_of_magnitude_apart_are_on_a_logarithmic_axis_with_the_reference_at_0() -> None:
    family = collect(Workspace(ROOT)).families["smollm2"]
    shared = {"fp32", "f16", "q8_0", "q4_0"}
    assert shared <= {item.row.artifact for item in family.groups[0].items}, "of two families, measured in both"
    plot = wide.wide(family, family.groups[0], "latency").plot
    heights = {dot.item.row.artifact: dot.y for dot in plot.dots}
    assert heights["fp32"] == max(heights.values())
    assert plot.y_ticks[0].text == "0" and plot.y_ticks[0].at == heights["fp32"]
    assert heights["q4_0"] < heights["q8_0"] - 20 < heights["f16"] - 40, "each of them is seen apart"


def test_shares_are_on_a_linear_axis() -> None:
    assert not any(plots.apart(item) for item in items(*all_of("a")))
    assert plots.scales(items(*all_of("a")), "latency", intervals=False).y.log is False
