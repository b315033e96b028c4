"""The gallery in headless Chromium, opened from disk: filters, sorting, plots, keyboard, accessibility."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import gallery as made
from tests.support.browser import browser, require_chromium
from tests.support.zoo import ROOT
from zoosmith.core import gallery
from zoosmith.core.gallery import Item
from zoosmith.core.registry import parse
from zoosmith.engine.graph import Workshop
from zoosmith.site.make import make

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CARD = """---
license: apache-2.0
---

# NAME

What it does. <script>document.title = "owned"</script> [home](https://a.example) [bad](javascript:alert(1))

## Measured

| artifact | value | 95 % interval | change against the reference of its family | size | speed |
|---|---|---|---|---|---|
| NAME | 0.9298 | 0.9158 to 0.9416 | -0.0020 (-0.0066 to +0.0019) | 23.5 MB | 7.41x (7.20 to 7.63) |

<details>
<summary>More</summary>

```python
print("a line of code that is much longer than a narrow page is wide, so that it has to scroll by itself")
```

</details>
"""
SERIOUS = ("serious", "critical")
VIEWS = [(1280, "light"), (1280, "dark"), (768, "light"), (320, "light"), (320, "dark")]


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    require_chromium()
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """500 artifacts on one host; three of them with a card."""
    root = made.write(tmp_path_factory.mktemp("site"), made.registry(500))
    for name in list(made.registry(500).artifacts)[:3]:
        (root / "model_cards" / f"{name}.md").write_text(CARD.replace("NAME", name))
    make(Workshop(root))
    return root / "site"


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some families of every task on two hosts, one artifact not measured, cards for all."""
    book = made.registry(24, ("host-a", "host-b"))
    name, entry = list(book.artifacts.items())[3]
    bare = entry.model_copy(update={"versions": {"1": entry.versions["1"].model_copy(update={"results": ()})}})
    book = book.model_copy(update={"artifacts": book.artifacts | {name: bare}})
    make(Workshop(made.write(root := tmp_path_factory.mktemp("few"), book, card=CARD)))
    return root / "site"


@pytest.fixture(scope="module")
def two_hosts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = made.write(tmp_path_factory.mktemp("hosts"), made.registry(64, ("host-a", "host-b")))
    make(Workshop(root))
    return root / "site"


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gallery of this zoo's own record."""
    root = tmp_path_factory.mktemp("committed")
    for name in ("results", "model_cards", "recipes"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copyfile(ROOT / "registry.json", root / "registry.json")
    make(Workshop(root))
    return root / "site"


@pytest.mark.parametrize(("ci", "outcome"), [("", "Skipped"), ("true", "Failed")])
def test_a_machine_without_chromium_skips_and_ci_fails(monkeypatch: pytest.MonkeyPatch, ci: str, outcome: str) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", ci)
    with pytest.raises(BaseException, match="apt install chromium") as raised:
        require_chromium()
    assert type(raised.value).__name__ == outcome


ITEMS = gallery.items(made.registry(500), {})


@contextmanager
def opened(
    chrome: Browser,
    site: Path,
    path: str = "index.html",
    *,
    width: int = 1280,
    scheme: Any = "light",
    scripts: bool = True,
) -> Iterator[Page]:
    """A page in a window of its own. Fails where the browser reports an error or a file that is not there."""
    faults: list[str] = []
    window = chrome.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts
    )
    page = window.new_page()
    page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda request: faults.append(request.url))
    page.on(
        "request", lambda request: None if request.url.startswith(("file:", "data:")) else faults.append(request.url)
    )
    page.goto(f"{site.as_uri()}/{path}")
    yield page
    window.close()
    assert faults == []


def shown(page: Page) -> list[str]:
    """Names in the visible rows, from the top."""
    return page.eval_on_selector_all("#artifacts tbody tr:not([hidden]) th a", "links => links.map(a => a.textContent)")


def names(wanted: Callable[[Item], bool]) -> list[str]:
    return [item.name for item in ITEMS if wanted(item)]


def p50(item: Item) -> float:
    return item.result.latency_ms.p50 if item.result else math.nan


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


def choose(page: Page, field: str, value: str) -> None:
    control = page.locator(f"[name={field}]")
    if control.evaluate("field => field.tagName") == "SELECT":
        control.select_option(value)
    else:
        control.fill(value)


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
        page.get_by_role("button", name="Reset", exact=True).click()
        assert len(shown(page)) == 500
        assert page.url.endswith("index.html")


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
        page.get_by_role("link", name="To the table").click()
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
        page.wait_for_url("**/index.html#family=*")
        assert shown(page) == names(lambda item: item.row.recipe == family)


def test_pointing_at_a_dot_names_the_artifact(chrome: Browser, site: Path) -> None:
    with opened(chrome, site) as page:
        dot = page.locator(".dot.best").first
        name = dot.evaluate("dot => dot.dataset.tip").split("\n")[0]
        assert name in {item.name for item in ITEMS}
        dot.locator("use").hover(force=True)
        assert page.locator(".tip").inner_text().startswith(name)
        assert page.locator(".tip").is_visible()
        page.mouse.move(2, 2)
        assert page.locator(".tip").is_hidden()


def test_a_plot_is_one_stop_and_is_walked_with_arrows(chrome: Browser, site: Path) -> None:
    with opened(chrome, site) as page:
        plot = page.locator(".plot svg").first
        assert plot.locator(".dot[tabindex='0']").count() == 1
        plot.locator(".dot[tabindex='0']").focus()
        first = page.locator(".tip").inner_text()
        page.keyboard.press("ArrowRight")
        second = page.locator(".tip").inner_text()
        assert second != first
        page.keyboard.press("ArrowLeft")
        assert page.locator(".tip").inner_text() == first
        page.keyboard.press("End")
        page.keyboard.press("Escape")
        assert page.locator(".tip").is_hidden()
        page.keyboard.press("Home")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('svg') !== document.querySelector('.plot svg')")
        page.keyboard.press("Shift+Tab")
        name = page.locator(".tip").inner_text().split("\n")[0]
        page.keyboard.press("Enter")
        page.wait_for_url("**/cards/*.html")
        assert page.inner_text("h1") == name


FOCUS = """() => {
  const at = document.activeElement, mark = at.querySelector(":scope > use") ?? at, style = getComputedStyle(mark);
  const width = mark !== at ? style.strokeWidth : style.outlineStyle === "none" ? "0" : style.outlineWidth;
  const ring = parseFloat(width) >= 2;
  return [at === document.body, at.name || at.textContent.trim(), ring];
}"""


def test_everything_is_reached_by_keyboard_and_seen_to_have_focus(chrome: Browser, few: Path) -> None:
    with opened(chrome, few) as page:
        reached = []
        while len(reached) < 100:
            page.keyboard.press("Tab")
            left, name, ring = page.evaluate(FOCUS)
            if left:
                break
            reached.append(name)
            assert ring, name
        heads = [head.strip() for head in page.locator("th[data-key]:visible").all_text_contents()]
        fields = ["q", "task", "format", "base", "family", "host", "size", "p50", "quality", "To the table", "Reset"]
        assert reached[:4] == ["Skip to the content", "Model zoo", "Artifacts", "Families"]
        assert reached[4:15] == fields
        at = 15 + page.locator(".plot:visible").count()  # one stop in each plot of the host that is shown
        assert reached[at : at + len(heads)] == heads
        assert reached[at + len(heads) :] == shown(page)


def test_a_column_is_sorted_by_keyboard(chrome: Browser, site: Path) -> None:
    fastest = min(ITEMS, key=p50).name
    with opened(chrome, site) as page:
        page.locator("th[data-key=p50] button").focus()
        page.keyboard.press("Enter")
        assert shown(page)[0] == fastest
        page.keyboard.press("Space")
        assert shown(page)[-1] == fastest


def test_the_record_of_this_zoo_opens(chrome: Browser, committed: Path) -> None:
    recorded = parse((ROOT / "registry.json").read_text(encoding="utf-8"), "registry.json").artifacts
    with opened(chrome, committed) as page:
        choose(page, "host", "*")
        assert set(shown(page)) == set(recorded)


def test_a_host_is_chosen_and_milliseconds_are_not_mixed(chrome: Browser, two_hosts: Path) -> None:
    with opened(chrome, two_hosts) as page:
        assert page.input_value("[name=host]") == "host-a"
        assert page.inner_text("#count") == "64 artifacts"
        assert set(page.eval_on_selector_all(".pair:not([hidden])", "all => all.map(e => e.dataset.host)")) == {
            "host-a"
        }
        choose(page, "host", "host-b")
        assert page.inner_text("#count") == "24 artifacts"
        choose(page, "host", "*")
        assert page.inner_text("#count") == "88 results"
        page.locator("th[data-key=p50] button").click()
        seen = page.eval_on_selector_all("#artifacts tbody .k-host", "cells => cells.map(cell => cell.textContent)")
        assert seen == ["host-a"] * 64 + ["host-b"] * 24


def test_without_scripts_the_table_still_reads(chrome: Browser, site: Path) -> None:
    with opened(chrome, site, scripts=False) as page:
        assert page.locator("#artifacts tbody tr").count() == 501
        assert page.locator("#artifacts tbody th a").first.is_visible()
        assert page.locator("#filters").is_hidden()
        assert page.locator("#nothing").is_hidden()
        assert page.locator("#artifacts button:visible").count() == 0
        assert page.locator("noscript p").is_visible()
        page.locator("#artifacts tbody th a").first.click()
        assert page.inner_text("h1") == ITEMS[0].name


def pages_of(site: Path) -> list[str]:
    return ["index.html", "families.html", f"cards/{next(iter(made.registry(1).artifacts))}.html"]


def violations(page: Page) -> list[dict[str, Any]]:
    """What axe-core finds. It must not fetch the sheets again: from disk a browser lets no script do so."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    return list(found)


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize("number", range(3), ids=["index", "families", "card"])
def test_no_serious_fault_of_accessibility_and_no_sideways_scrolling(
    chrome: Browser, few: Path, number: int, width: int, scheme: str
) -> None:
    with opened(chrome, few, pages_of(few)[number], width=width, scheme=scheme) as page:
        found = violations(page)
        assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found if fault["impact"] in SERIOUS] == []
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_axe_sees_a_fault(chrome: Browser, site: Path) -> None:
    with opened(chrome, site, "families.html") as page:
        page.evaluate("document.querySelector('main').innerHTML = '<input><p style=\"color:#ccc\">pale</p>'")
        assert {fault["id"] for fault in violations(page)} >= {"label", "color-contrast"}


def test_a_script_in_a_card_does_not_run(chrome: Browser, site: Path) -> None:
    with opened(chrome, site, pages_of(site)[2]) as page:
        assert page.title().endswith(" - model zoo")
        assert page.get_by_text('<script>document.title = "owned"</script>').is_visible()
        assert page.locator("script").count() == 0
        assert page.locator("[href^='javascript']").count() == 0
        page.get_by_text("More").click()
        assert page.get_by_text("a line of code").is_visible()


def test_500_artifacts_are_filtered_within_the_key_press(chrome: Browser, site: Path) -> None:
    """No timer stands between key and answer; how long it takes is for benchmarks/site.py."""
    field, text, wanted = FILTERS[-1]
    assert field == "q"
    with opened(chrome, site) as page:
        assert page.evaluate(TYPED, text) == names(wanted)
        assert len(page.evaluate(TYPED, "")) == 500


TYPED = """(text) => {
  const field = document.querySelector("[name=q]");
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  return Array.from(document.querySelectorAll("#artifacts tbody tr:not([hidden]) th a"), (a) => a.textContent);
}"""
