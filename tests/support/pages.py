"""The gallery of 500 artifacts as a reader sees it: what is shown, what is chosen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support import gallery as made
from zoosmith.site import family, gallery
from zoosmith.site.gallery import Item

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ITEMS = family.arranged(gallery.items(made.registry(500), {}))


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
    """Of the artifacts that are `wanted`."""
    return [item.name for item in ITEMS if wanted(item)]


def p50(item: Item) -> float:
    """Milliseconds; NaN where it was not measured."""
    return item.result.latency_ms.p50 if item.result else math.nan


def choose(page: Page, field: str, value: str) -> None:
    """Set a filter."""
    control = page.locator(f"[name={field}]")
    if control.evaluate("field => field.tagName") == "SELECT":
        control.select_option(value)
    else:
        control.fill(value)


def pages_of(site: Path) -> list[str]:
    """One page of each kind."""
    [(name, entry)] = made.registry(1).artifacts.items()
    return ["index.html", "families.html", f"cards/{name}.html", f"families/{entry.versions['1'].recipe}.html"]
