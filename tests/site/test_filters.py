"""Filters of the gallery, and the address that keeps them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.pages import ITEMS, choose, names, opened, p50, shown
from zoosmith.records.registry import parse
from zoosmith.site.gallery import Item

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FILTERS: list[tuple[str, str, Callable[[Item], bool]]] = [
    ("task", "token-classification", lambda item: item.row.task == "token-classification"),
    ("format", "torch_int8", lambda item: item.row.format == "torch_int8"),
    ("base", "org/encoder-large", lambda item: "org/encoder-large" in item.row.base),
    ("family", ITEMS[0].row.recipe, lambda item: item.row.recipe == ITEMS[0].row.recipe),
    ("size", "50", lambda item: item.row.size_total <= 50e6),
    ("p50", "1.5", lambda item: p50(item) <= 1.5),
    ("quality", "0.92", lambda item: item.quality is not None and item.quality.value >= 0.92),
    ("q", "MiniLM onnx", lambda item: "minilm" in item.row.base[0].lower() and item.row.format == "onnx"),
]


TYPED = """(text) => {
  const field = document.querySelector("[name=q]");
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  return Array.from(document.querySelectorAll("#artifacts tbody tr:not([hidden]) th a"), (a) => a.textContent);
}"""


@pytest.mark.parametrize(("field", "value", "wanted"), FILTERS, ids=[field for field, *_ in FILTERS])
def test_a_filter_leaves_the_right_rows(
    chrome: Browser, site: Path, field: str, value: str, wanted: Callable[[Item], bool]
) -> None:
    with opened(chrome, site) as page:
        assert shown(page) == [item.name for item in ITEMS]
        choose(page, field, value)
        assert 0 < len(names(wanted)) < 500
        assert shown(page) == names(wanted)
        assert page.inner_text("#count") == f"{len(names(wanted))} of 500 artifacts"


def test_filters_work_together_and_in_the_plots(chrome: Browser, site: Path) -> None:
    def wanted(item: Item) -> bool:
        return item.row.task == "text-classification" and item.row.format == "onnx" and p50(item) <= 3

    with opened(chrome, site) as page:
        for field, value in (("task", "text-classification"), ("format", "onnx"), ("p50", "3")):
            choose(page, field, value)
        assert shown(page) == names(wanted)
        assert page.locator(".pair:visible").count() == 1
        dots = page.eval_on_selector_all(
            ".pair:not([hidden]) figure:first-child .dot:not(.out)",
            "dots => dots.map(dot => dot.dataset.tip.split('\\n')[0])",
        )
        assert sorted(dots) == sorted(names(wanted))


def test_nothing_matches_and_reset(chrome: Browser, site: Path) -> None:
    with opened(chrome, site) as page:
        choose(page, "q", "no such thing")
        assert shown(page) == []
        assert page.inner_text("#count") == "0 of 500 artifacts"
        page.get_by_text("Nothing matches these filters").wait_for()
        page.get_by_role("button", name="Reset the filters").click()
        assert len(shown(page)) == 500
        assert page.evaluate("document.activeElement.name") == "q"
        choose(page, "size", "20")
        page.locator("th[data-key=size] button").click()
        page.get_by_role("button", name="Reset", exact=True).click()
        assert shown(page) == [item.name for item in ITEMS]
        assert page.locator("th[aria-sort]").count() == 0
        assert len(shown(page)) == 500
        assert page.url.endswith("index.html")


def test_a_view_is_kept_in_the_address(chrome: Browser, site: Path) -> None:
    with opened(chrome, site) as page:
        choose(page, "format", "onnx")
        choose(page, "size", "100")
        choose(page, "q", "e5 & small")
        choose(page, "q", "e5")
        page.locator("th[data-key=size] button").dblclick()
        view, address = shown(page), page.url
        assert address.endswith("#q=e5&format=onnx&size=100&sort=-size")
    with opened(chrome, site, address.rpartition("/")[2]) as page:
        assert shown(page) == view
        assert page.input_value("[name=size]") == "100"
        assert page.locator("th[data-key=size]").get_attribute("aria-sort") == "descending"
        page.get_by_role("link", name="To the plots").click()
        page.wait_for_url(address)
        assert shown(page) == view


def test_an_address_that_makes_no_sense_shows_everything(chrome: Browser, site: Path) -> None:
    with opened(chrome, site, "index.html#task=nothing&size=abc&sort=constructor&x=%3Cscript%3E") as page:
        assert len(shown(page)) == 500
        assert page.input_value("[name=task]") == ""


def test_a_family_leads_to_its_rows(chrome: Browser, site: Path) -> None:
    with opened(chrome, site, "families.html") as page:
        family = ITEMS[0].row.recipe
        page.get_by_role("link", name=family, exact=True).click()
        page.wait_for_url(f"**/families/{family}.html")
        page.get_by_role("link", name="Filter and sort them").click()
        page.wait_for_url("**/index.html#family=*")
        assert shown(page) == names(lambda item: item.row.recipe == family)
        assert page.inner_text("#count") == "8 of 500 artifacts"
        page.get_by_role("link", name=f"All about {family}").click()
        assert page.inner_text("h1") == family


def test_every_family_of_this_zoo_shows_all_its_artifacts_whatever_host_measured_them(
    chrome: Browser, committed: Path
) -> None:
    book = parse((committed.parent / "registry.json").read_text(encoding="utf-8"), "registry.json")
    by_family = Counter(entry.versions[str(entry.latest)].recipe for entry in book.artifacts.values())
    with opened(chrome, committed) as page:
        assert page.inner_text("#count") == f"{by_family.total()} artifacts"
        for family, count in by_family.items():
            choose(page, "family", family)
            assert page.inner_text("#count") == f"{count} of {by_family.total()} artifacts"
            assert len(set(shown(page))) == len(shown(page)) == count
            assert f"{family} ({count})" in page.inner_text("[name=family]")


def test_a_host_is_chosen_and_milliseconds_are_not_mixed(chrome: Browser, two_hosts: Path) -> None:
    with opened(chrome, two_hosts) as page:
        assert page.input_value("[name=host]") == ""
        assert page.inner_text("#count") == "64 artifacts"
        assert set(page.eval_on_selector_all(".pair:not([hidden])", "all => all.map(e => e.dataset.host)")) == {
            "host-a"
        }
        choose(page, "host", "host-b")
        assert page.inner_text("#count") == "24 of 64 artifacts"
        assert "host-b (24)" in page.inner_text("[name=host]")
        choose(page, "host", "*")
        assert page.inner_text("#count") == "64 artifacts, 88 results"
        page.locator("th[data-key=p50] button").click()
        seen = page.eval_on_selector_all("#artifacts tbody .k-host", "cells => cells.map(cell => cell.textContent)")
        assert seen == ["host-a"] * 64 + ["host-b"] * 24


def test_500_artifacts_are_filtered_within_the_key_press(chrome: Browser, site: Path) -> None:
    """No timer stands between key and answer; how long it takes is for benchmarks/site.py."""
    field, text, wanted = FILTERS[-1]
    assert field == "q"
    with opened(chrome, site) as page:
        assert page.evaluate(TYPED, text) == names(wanted)
        assert len(page.evaluate(TYPED, "")) == 500
