"""The gallery by keyboard and pointer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.pages import ITEMS, opened, shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOCUS = """() => {
  const at = document.activeElement, mark = at.querySelector(":scope > use") ?? at, style = getComputedStyle(mark);
  const width = mark !== at ? style.strokeWidth : style.outlineStyle === "none" ? "0" : style.outlineWidth;
  const ring = parseFloat(width) >= 2;
  return [at === document.body, at.name || at.textContent.trim(), ring];
}"""


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
        fields = ["q", "task", "format", "base", "family", "host", "size", "p50", "quality", "To the plots", "Reset"]
        assert reached[:4] == ["Skip to the content", "Model zoo", "Artifacts", "Families"]
        assert reached[4:15] == fields
        rows = 15 + len(heads)
        assert reached[15:rows] == heads
        at = rows + len(shown(page))
        assert reached[rows:at] == shown(page)
        assert len(reached[at:]) == page.locator(".plot:visible").count()  # one stop in each plot
