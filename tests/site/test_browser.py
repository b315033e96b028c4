"""The gallery in headless Chromium, opened from disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import require_chromium
from tests.support.pages import ITEMS, choose, opened, pages_of, shown
from tests.support.zoo import ROOT
from zoosmith.records.registry import parse

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.parametrize(("ci", "outcome"), [("", "Skipped"), ("true", "Failed")])
def test_a_machine_without_chromium_skips_and_ci_fails(monkeypatch: pytest.MonkeyPatch, ci: str, outcome: str) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CI", ci)
    with pytest.raises(BaseException, match="apt install chromium") as raised:
        require_chromium()
    assert type(raised.value).__name__ == outcome


def test_the_record_of_this_zoo_opens(chrome: Browser, committed: Path) -> None:
    recorded = parse((ROOT / "registry.json").read_text(encoding="utf-8"), "registry.json").artifacts
    with opened(chrome, committed) as page:
        assert sorted(shown(page)) == sorted(recorded)
        choose(page, "host", "*")
        assert set(shown(page)) == set(recorded)


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


def test_a_script_in_a_card_does_not_run(chrome: Browser, site: Path) -> None:
    with opened(chrome, site, pages_of(site)[2]) as page:
        assert page.title().endswith(" - model zoo")
        assert page.get_by_text('<script>document.title = "owned"</script>').is_visible()
        assert page.locator("script").count() == 0
        assert page.locator("[href^='javascript']").count() == 0
        page.get_by_text("More").click()
        assert page.get_by_text("a line of code").is_visible()
