"""What axe-core finds in the gallery, and pages as narrow as a telephone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.pages import opened, pages_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SERIOUS = ("serious", "critical")
VIEWS = [(1280, "light"), (1280, "dark"), (768, "light"), (390, "light"), (320, "light"), (320, "dark")]


def violations(page: Page) -> list[dict[str, Any]]:
    """What axe-core finds. It must not fetch the sheets again: from disk a browser lets no script do so."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    return list(found)


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
@pytest.mark.parametrize("number", range(4), ids=["index", "families", "card", "family"])
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
