"""A page for each family, as a reader sees it."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.pages import opened
from tests.support.zoo import ROOT
from zoosmith.records.registry import parse

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMED = "texts => texts.filter(t => t.getClientRects().length).map(t => [t.textContent, t.getBoundingClientRect()])"
INLINE = """() => {
  const script = document.createElement("script");
  script.textContent = "window.owned = true";
  document.body.append(script);
  return window.owned === true;
}"""


def names(page: Page) -> list[tuple[str, dict[str, float]]]:
    """The names that are shown in the first plot, with where they stand."""
    return [(text, box) for text, box in page.locator(".wide >> nth=0").locator(".name").evaluate_all(NAMED)]


def members(family: str) -> int:
    """How many artifacts the registry has of a family."""
    book = parse((ROOT / "registry.json").read_text(encoding="utf-8"), "registry.json")
    return sum(entry.versions[str(entry.latest)].recipe == family for entry in book.artifacts.values())


def overlap(a: dict[str, float], b: dict[str, float]) -> bool:
    return a["left"] < b["right"] and b["left"] < a["right"] and a["top"] < b["bottom"] and b["top"] < a["bottom"]


@pytest.mark.parametrize("width", [1280, 1100, 768, 390])
@pytest.mark.parametrize("family", ["minilm-sst2", "smollm2", "smollm2-names"])
def test_names_stand_apart_inside_the_page_at_any_width(
    chrome: Browser, committed: Path, family: str, width: int
) -> None:
    with opened(chrome, committed, f"families/{family}.html", width=width) as page:
        found = names(page)
        assert len(found) >= 3
        assert any("(reference)" in text for text, _ in found)
        touching = [(a, b) for (a, one), (b, other) in combinations(found, 2) if overlap(one, other)]
        assert touching == []
        assert all(box["left"] >= 0 and box["right"] <= width for _, box in found)
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_family_says_what_to_take_and_links_lead_on(chrome: Browser, committed: Path) -> None:
    with opened(chrome, committed, "families/minilm-sst2.html") as page:
        wishes = page.locator(".picked tbody th").all_text_contents()
        assert [wish.partition("the ")[0] for wish in wishes[:3]] == [
            "Fastest within 1 point", "Smallest within 1 point", "Safest"
        ]  # fmt: skip
        assert page.locator(".members").first.locator("tbody tr").count() == members("minilm-sst2")
        first = page.locator(".members tbody th a").first.inner_text()
        assert page.locator(".picked .k-take a").first.inner_text() == first
        page.locator(".picked .k-take a").first.click()
        assert page.inner_text("h1") == first
        page.get_by_role("link", name="minilm-sst2", exact=True).first.click()
        assert page.inner_text("h1") == "minilm-sst2"


def test_what_is_not_named_is_told_on_pointing_at_it(chrome: Browser, committed: Path) -> None:
    with opened(chrome, committed, "families/minilm-sst2.html") as page:
        named = {text for text, _ in names(page)}
        dots = page.locator(".wide >> nth=0").locator(".dot")
        assert dots.count() > len(named) + 10
        rest = dots.filter(has_not=page.locator(".ring")).last
        rest.locator("use").hover(force=True)
        assert page.locator(".tip").inner_text().startswith("minilm-sst2-")


@pytest.mark.parametrize("width", [1280, 1216, 1100, 390])
@pytest.mark.parametrize("path", ["index.html", "families/minilm-sst2.html", "families/smollm2.html"])
def test_speed_size_and_memory_are_seen_at_any_width(chrome: Browser, committed: Path, path: str, width: int) -> None:
    with opened(chrome, committed, path, width=width) as page:
        for kind in ("quality", "p50", "speed", "size", "memory"):
            cells = page.locator(f"table.main tbody tr:not([hidden]) .k-{kind}")
            assert cells.count() >= 9
            boxes: list[Any] = [cells.nth(at).bounding_box() for at in (0, cells.count() - 1)]
            assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes), kind
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_language_model_shows_perplexity_and_tokens_a_second_beside_its_divergence(
    chrome: Browser, committed: Path
) -> None:
    book = parse((ROOT / "registry.json").read_text(encoding="utf-8"), "registry.json").artifacts
    results = book["smollm2-fp32"].versions[str(book["smollm2-fp32"].latest)].results
    with opened(chrome, committed, "families/smollm2.html") as page:
        row = page.locator(".members tbody tr").filter(has_text="smollm2-fp32").first
        assert row.locator(".k-second").inner_text() in {
            f"{result.quality['founding.perplexity'].value:.4g}" for result in results
        }
        assert row.locator(".k-tokens").inner_text() in {
            f"{result.generation.per_s:.2f}" for result in results if result.generation
        }
        assert row.locator(".k-quality").inner_text().strip() == "0"
        assert page.locator(".members .k-change").count() == 0, "a divergence is the change itself"
        assert "Latency is of one generated token" in page.inner_text(".intro")
    with opened(chrome, committed, "families/minilm-sst2.html") as page:
        assert page.locator(".k-second, .k-tokens").count() == 0


@pytest.mark.parametrize("path", ["index.html", "families.html", "families/minilm-sst2.html"])
def test_no_page_runs_a_script_that_is_written_into_it(chrome: Browser, committed: Path, path: str) -> None:
    page = chrome.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.goto(f"{committed.as_uri()}/{path}")
    assert page.evaluate(INLINE) is False
    assert any("Content Security Policy" in text for text in refused)
    page.close()


def test_every_page_has_a_policy_and_no_script_of_its_own(committed: Path) -> None:
    pages = list(committed.rglob("*.html"))
    assert len(pages) > 80
    for file in pages:
        text = file.read_text(encoding="utf-8")
        assert text.count('http-equiv="Content-Security-Policy"') == 1
        assert text.count("<script") == (0 if file.parent.name == "cards" else 1)
        assert text.count("<script src=") == text.count("<script")
        assert " style=" not in text


def test_a_family_page_reads_without_scripts(chrome: Browser, committed: Path) -> None:
    with opened(chrome, committed, "families/smollm2.html", scripts=False) as page:
        assert page.locator(".picked .k-take a").count() == page.locator(".picked tbody tr").count() >= 3
        assert page.locator(".members:not(.elsewhere) tbody tr").count() == members("smollm2")
        assert [text for text, _ in names(page)]
