"""The files that the how-tos show, put into a zoo of their own."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import NamedTuple

from tests.support.zoo import BAD, GOOD, PLAIN, ROOT, rows, write_bert, write_project, write_rows

FOLDER = ROOT / "docs" / "howto"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.M | re.S)
CAPITALS = {"france": "paris", "italy": "rome", "norway": "oslo", "peru": "lima", "ghana": "accra", "japan": "tokyo"}
NAME = re.compile(r"# (?P<path>[\w./-]+\.(?:py|yaml))(?P<added> \(added\))?\n")


class Piece(NamedTuple):
    """A fenced block with a file name: the whole file, or what is added at its end."""

    path: str
    text: str
    added: bool


def blocks(page: Path) -> list[tuple[str, str]]:
    """Language and text of every fenced block."""
    return FENCE.findall(page.read_text(encoding="utf-8"))


def pieces(page: Path) -> list[Piece]:
    """The files that a page shows, in their order."""
    found = []
    for language, text in blocks(page):
        if language in ("python", "yaml") and (named := NAME.match(text)):
            found.append(Piece(named["path"], text, bool(named["added"])))
    return found


def pairs(count: int, seed: int) -> list[dict[str, str]]:
    """Two phrases each, the same but for their order or a word: `kind` says which."""
    generator = random.Random(seed)
    made = []
    for i in range(count):
        words = generator.sample(PLAIN + GOOD, 3)
        other = words[::-1] if i % 2 else [*words[:2], generator.choice(BAD)]
        kind, label = ("turned", "yes") if i % 2 else ("word", "no")
        made.append({"first": " ".join(words), "second": " ".join(other), "label": label, "kind": kind})
    return made


def write_howtos(project: Path, *pages: str) -> Path:
    """A zoo with a tiny base and rows, and every file of these pages in it."""
    write_project(project)
    write_bert(project / "bases" / "encoder", labels=("negative", "positive"))
    write_bert(project / "bases" / "matcher", labels=("no", "yes"))
    for split, count, seed in (("train", 120, 1), ("dev", 20, 2), ("test", 60, 3)):
        write_rows(project / "data" / f"{split}.jsonl", rows(count, seed))
        asked = [{"question": f"the capital of {land}", "answer": capital} for land, capital in CAPITALS.items()]
        write_rows(project / "data" / "capitals" / f"{split}.jsonl", asked)
        write_rows(project / "data" / "pairs" / f"{split}.jsonl", pairs(count, seed))
    for page in pages:
        for piece in pieces(FOLDER / f"{page}.md"):
            file = project / piece.path
            file.parent.mkdir(parents=True, exist_ok=True)
            before = file.read_text(encoding="utf-8") + "\n\n" if piece.added else ""
            file.write_text(before + piece.text, encoding="utf-8")
    return project
