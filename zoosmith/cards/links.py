"""Links and pictures of a card that lead to files beside it, and what becomes of them where those are not there."""

from __future__ import annotations

import re
from collections.abc import Container

LINK = re.compile(r"(!?)(?<!\\)\[((?:[^\[\]\\]|\\.)*)\]\(([^()\s]+)\)")
PLOTS = "plots"  # folder beside the cards
ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//|#|/")


def relative(text: str) -> list[str]:
    """The files beside the text that it links to or shows, each once, in their order."""
    targets = (match[3] for match in LINK.finditer(text))
    return list(dict.fromkeys(target.partition("#")[0] for target in targets if not ELSEWHERE.match(target)))


def without_dead(text: str, present: Container[str]) -> str:
    """The text with each link to a file that is not `present` replaced by the words that it stood on."""

    def kept(match: re.Match[str]) -> str:
        target = match[3].partition("#")[0]
        return match[0] if ELSEWHERE.match(match[3]) or target in present else match[2]

    return LINK.sub(kept, text)
