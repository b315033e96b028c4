"""Cards as HTML. Their text is partly a user's: no HTML of it passes but a fold's tags without attributes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

FRONT_MATTER = re.compile(r"---\n.*?\n---\n+", re.DOTALL)
FOLD = re.compile(r"&lt;(/?(?:details|summary))&gt;")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
NUMBER = re.compile(r"[-+]?\d[\d.,]*( ?(%|x|MB|GB|MiB|ms))?( to [-+]?\d[\d.,]*)?( \([^)]*\))?")
SENTENCE = 60  # characters; a column of such cells is given room, or it would be a word wide
PLACEHOLDER = ("reference", "-", "")
Link = Callable[[str], str | None]  # what a card names -> what its page names; None: the link is dropped


class Card(NamedTuple):
    """A card's title as text, its sections as (id, text), and the HTML of what follows the title."""

    title: str
    sections: list[tuple[str, str]]
    html: str


def render(text: str, link: Link) -> Card:
    """A card, with its links and images passed through `link`."""
    markdown = _markdown()
    tokens = markdown.parse(FRONT_MATTER.sub("", text, count=1) if text.startswith("---\n") else text)
    title = ""
    if [token.type for token in tokens[:1]] == ["heading_open"] and tokens[0].tag == "h1":
        title, tokens = _plain(tokens[1]), tokens[3:]
    sections = list(_sections(tokens))
    for token in tokens:
        token.children = list(_linked(token.children or [], link)) if token.type == "inline" else token.children
    _align(tokens)
    return Card(title, sections, str(markdown.renderer.render(tokens, markdown.options, {})))


def _markdown() -> MarkdownIt:
    """CommonMark with tables. HTML is parsed so that folds are known; the renderer lets nothing else through."""
    return MarkdownIt("commonmark", {"html": True}, renderer_cls=_Renderer).enable("table")


class _Renderer(RendererHTML):
    """Escapes HTML, and lets tables and code be scrolled by keyboard."""

    def html_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """HTML as text, but for folds."""
        return _fold(tokens[idx].content)

    html_inline = html_block

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A region of its own: wide tables scroll, the page does not."""
        label = escape(str(tokens[idx].meta.get("label", "Table")))
        return f'<div class="scroll" role="region" tabindex="0" aria-label="{label}"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """See table_open."""
        return "</table></div>\n"

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Code that scrolls by keyboard."""
        return f'<pre tabindex="0"><code>{escape(tokens[idx].content)}</code></pre>\n'

    code_block = fence


def _fold(html: str) -> str:
    return FOLD.sub(r"<\1>", escape(COMMENT.sub("", html)))


def _plain(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [])


def _sections(tokens: Sequence[Token]) -> Iterator[tuple[str, str]]:
    """Give each heading of the second level an id."""
    for number, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            text = _plain(tokens[number + 1])
            id = "s-" + (re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or str(number))
            token.attrSet("id", id)
            yield id, text


def _linked(children: Sequence[Token], link: Link) -> Iterator[Token]:
    """The children of a paragraph with links that lead somewhere; of others the text stays."""
    dropped = []
    for token in children:
        if token.type == "link_open":
            target = link(str(token.attrs["href"]))
            dropped.append(target is None)
            token.attrSet("href", target or "")
            token.attrSet("rel", "noopener noreferrer")
            if target is None:
                continue
        elif token.type == "link_close" and dropped.pop():
            continue
        elif token.type == "image":
            target = link(str(token.attrs["src"]))
            if target is None:
                yield Token("text", "", 0, content=token.content)
                continue
            token.attrSet("src", target)
            token.attrSet("loading", "lazy")
        yield token


def _align(tokens: Sequence[Token]) -> None:
    """Put columns of numbers to the right, give sentences room, and name each table after the heading above it."""
    heading = ""
    table: list[list[tuple[Token, str]]] = []
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            heading = _plain(tokens[number + 1])
        elif token.type == "table_open":
            token.meta["label"] = f"Table: {heading}" if heading else "Table"
            table = []
        elif token.type == "tr_open":
            table.append([])
        elif token.type in ("th_open", "td_open"):
            table[-1].append((token, _plain(tokens[number + 1]).strip()))
        elif token.type == "table_close":
            _align_table(table)


def _align_table(rows: list[list[tuple[Token, str]]]) -> None:
    for column in zip(*rows, strict=True):
        texts = [text for _, text in column[1:]]
        if any(map(NUMBER.fullmatch, texts)) and all(t in PLACEHOLDER or NUMBER.fullmatch(t) for t in texts):
            for cell, _ in column:
                cell.attrs = {"class": "n"}
        elif any(len(text) > SENTENCE for text in texts):
            for cell, _ in column[1:]:
                cell.attrs = {"class": "long"}


def outside(target: str) -> bool:
    """Whether a link leads out of the site, and may: to the web or to a mailbox."""
    return re.match(r"(https?://|mailto:)", target, re.IGNORECASE) is not None
