"""Cards as HTML: what the template writes comes through, what a user wrote does no harm."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zoosmith.site.markdown import outside, render

ALLOWED = {
    "a", "blockquote", "br", "code", "details", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li",
    "ol", "p", "pre", "strong", "summary", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"href", "rel", "src", "alt", "title", "loading", "id", "class", "role", "tabindex", "aria-label", "start"}


class Seen(HTMLParser):
    """Tags and attributes that a browser would find."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, list[str | None]] = {}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value)


def same(target: str) -> str | None:
    return target


def test_the_front_matter_goes_and_the_title_stands_alone() -> None:
    card = render("---\nlicense: x\n---\n\n# a `name`\n\nText.\n\n## What it is for\n\nThis.\n", same)
    assert card.title == "a name"
    assert card.sections == [("s-what-it-is-for", "What it is for")]
    assert card.html == '<p>Text.</p>\n<h2 id="s-what-it-is-for">What it is for</h2>\n<p>This.</p>\n'


def test_a_card_without_title_or_front_matter_is_shown_whole() -> None:
    assert render("Text\n\n---\n\nmore", same).html == "<p>Text</p>\n<hr />\n<p>more</p>\n"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "text <script>alert(1)</script> text",
        "<img src=x onerror=alert(1)>",
        "<details open onclick=alert(1)>\n<summary>x</summary>",
        "<DETAILS ontoggle=alert(1) open>",
        "<svg/onload=alert(1)>",
        "<!-- --><script>alert(1)</script>",
        "<!--><script>alert(1)</script-->",
        "<iframe src=javascript:alert(1)>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "![x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "<javascript:alert(1)>",
        '[x](https://a.example/"onmouseover="alert(1))',
        "| <script>alert(1)</script> |\n|---|\n| <b onclick=alert(1)>x</b> |",
        "# <script>alert(1)</script>",
        "## <script>alert(1)</script>",
        "```<script>\n</code></pre><script>alert(1)</script>\n```",
        '!["onerror=alert(1) x](a.png)',
    ],
)
def test_nothing_that_runs_comes_through(text: str) -> None:
    seen = Seen(render(f"# t\n\n{text}\n", lambda target: target if outside(target) else None).html)
    assert set(seen.tags) <= ALLOWED
    assert set(seen.attributes) <= ATTRIBUTES
    assert not any(str(url).lower().startswith(("javascript", "data")) for url in seen.attributes.get("href", []))


@given(st.text(alphabet=st.sampled_from("<>/!-\"'= \n`[]()#|*&;:adeilmnoprstuvxy"), max_size=60))
@example("<details><script>")
@example("<summary\n>")
def test_no_text_makes_a_tag_of_its_own(text: str) -> None:
    seen = Seen(render(text, lambda target: None).html)
    assert set(seen.tags) <= ALLOWED
    assert set(seen.attributes) <= ATTRIBUTES - {"href", "src"}


def test_folds_come_through_and_comments_go() -> None:
    html = render("<details>\n<summary>More &amp; more</summary>\n\nText <!-- hidden -->\n\n</details>\n", same).html
    assert "<details>\n<summary>More" in html
    assert "</details>" in html
    assert "hidden" not in html


def test_links_that_lead_nowhere_leave_their_text() -> None:
    html = render("[one **two**](a.md) and ![picture](b.svg) and [three](https://a.example)", lambda t: None).html
    assert html == "<p>one <strong>two</strong> and picture and three</p>\n"
    html = render("[x](a.md) ![picture](b.svg)", {"a.md": "a.html", "b.svg": "b.svg"}.get).html
    assert 'href="a.html"' in html
    assert '<img src="b.svg" alt="picture" loading="lazy" />' in html


def test_a_link_around_a_picture_that_is_not_there() -> None:
    assert render("[![p](a.png)](b.md)", lambda target: None).html == "<p>p</p>\n"


def test_tables_are_named_and_their_numbers_stand_to_the_right() -> None:
    text = "## Gates\n\n| gate | value | interval | note |\n|---|---|---|---|\n| a | 0.5 | 0.4 to 0.6 | x |\n"
    text += "| b | - | - | 2 |\n"
    html = render(text, same).html
    assert 'role="region" tabindex="0" aria-label="Table: Gates"' in html
    assert '<th class="n">value</th>' in html
    assert '<td class="n">0.4 to 0.6</td>' in html
    assert "<td>x</td>" in html
    assert "<td>2</td>" in html


def test_code_keeps_its_text() -> None:
    assert render("```python\na < b\n```", same).html == '<pre tabindex="0"><code>a &lt; b\n</code></pre>\n'


def test_a_column_of_sentences_is_given_room() -> None:
    said = "whether it loses more than 1 point is not decidable with 1000 examples"
    html = render(f"# t\n\n| artifact | verdict |\n|---|---|\n| a | {said} |\n| b | - |\n", lambda target: target).html
    assert f'<td class="long">{said}</td>' in html
    assert '<td class="long">-</td>' in html
    assert "<td>a</td>" in html
