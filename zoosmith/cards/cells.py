"""Free text of data sets in Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence


def cell(text: str) -> str:
    """Plain text for a cell of a Markdown table. Source: GitHub Flavored Markdown 0.29, sections 2.4 and 4.10."""
    return re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", " ".join(text.split()))


def table(rows: Sequence[Sequence[str]], shown: int, summary: str) -> str:
    """A table of cells that are escaped already, the first row its head; one with more than `shown` rows is folded."""
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    text = "\n".join([head, "|" + "---|" * len(rows[0]), *body])
    if len(body) <= shown:
        return f"{summary}:\n\n{text}"
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"
