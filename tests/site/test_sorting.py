"""Columns of the gallery."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import gallery as made
from tests.support.pages import ITEMS, choose, opened, p50, shown
from zoosmith.site.gallery import Item

if TYPE_CHECKING:
    from playwright.sync_api import Browser

COLUMNS: list[tuple[str, Callable[[Item], Any]]] = [
    ("task", lambda item: item.row.task),
    ("size", lambda item: item.row.size_total),
    ("p50", p50),
    ("p95", lambda item: item.result.latency_ms.p95 if item.result else math.nan),
    ("speed", lambda item: item.result.speedup.value if item.result and item.result.speedup else 1.0),
    ("memory", lambda item: item.result.memory_mb.peak if item.result else math.nan),
    ("weights", lambda item: item.row.precision),
    ("format", lambda item: item.row.format.replace("_", "-")),
    ("quality", lambda item: item.quality.value if item.quality else math.nan),
]


@pytest.mark.parametrize(("column", "key"), COLUMNS, ids=[column for column, _ in COLUMNS])
def test_a_column_sorts_both_ways(chrome: Browser, site: Path, column: str, key: Callable[[Item], Any]) -> None:
    one_task = [item for item in ITEMS if item.row.task == "text-classification"] if column == "quality" else ITEMS
    with opened(chrome, site, width=1600) as page:
        if column == "quality":  # figures of different metrics are not mixed
            choose(page, "task", "text-classification")
        head = page.locator(f"th[data-key={column}]")
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == "ascending"
        assert shown(page) == [item.name for item in sorted(one_task, key=key)]
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == "descending"
        assert shown(page) == [item.name for item in sorted(one_task, key=key, reverse=True)]
        assert page.locator("th[aria-sort]").count() == 1


def test_quality_is_sorted_metric_by_metric(chrome: Browser, site: Path) -> None:
    with opened(chrome, site) as page:
        page.locator("th[data-key=quality] button").click()
        seen = page.eval_on_selector_all("#artifacts tbody .k-metric", "cells => cells.map(cell => cell.textContent)")
        assert sum(a != b for a, b in pairwise(seen)) == len(made.TASKS) - 1


def test_what_was_not_measured_comes_last_both_ways(chrome: Browser, few: Path) -> None:
    name = list(made.registry(24).artifacts)[3]
    with opened(chrome, few) as page:
        for column in ("p50", "quality"):
            for _ in range(2):
                page.locator(f"th[data-key={column}] button").click()
                assert shown(page)[-1] == name
        choose(page, "p50", "1000")
        assert name not in shown(page)


def test_a_column_is_sorted_by_keyboard(chrome: Browser, site: Path) -> None:
    fastest = min(ITEMS, key=p50).name
    with opened(chrome, site) as page:
        page.locator("th[data-key=p50] button").focus()
        page.keyboard.press("Enter")
        assert shown(page)[0] == fastest
        page.keyboard.press("Space")
        assert shown(page)[-1] == fastest
