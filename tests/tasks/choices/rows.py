"""Rows that lm-evaluation-harness and this project are both asked about: made up here, and chosen from real data.

In the columns of the sources, and as recipes map them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

COLUMNS = {
    "hellaswag": {
        "activity": "activity_label", "context": "ctx", "opening": "ctx_b", "choices": "endings", "answer": "label",
    },
    "arc_easy": {"question": "question", "choices": "choices", "answer": "answerKey"},
}  # fmt: skip
FILMS = [
    ("Feeding a dog", "A girl stands near the forest.", "the dog", "is quick and brown.", "jumps over the lazy fox."),
    (
        "Shells",
        "She sells sea shells. The sea is near.",
        "a little girl",
        "sells them by the shore.",
        "was once a zoo.",
    ),
    (
        "Café",
        "A waiter brings a café crème.",
        "the waiter Otto",
        "smiles — naïvely.",
        "東京の天気は今日とても良いです。",
    ),
    ("Counting", 'A man says "one two three."', "he", "says four.", "says   five  times.   "),
]
ARTICLES = [
    ("Home", "[header] How to wash a pot [title] Begin with water. [step] Take what you have.", "[step] Wash.", "Dry."),
    (
        "Work",
        "[header] How to keep many models [title] Build a zoo.",
        "[substeps] Don't stop. [title] It's fine.",
        "No.",
    ),
]
QUESTIONS = [
    ("What is the capital of France?", ["Paris", "the sea", "a model zoo", "12345"], "ABCD", "A"),
    ("Which of these jumps over the lazy dog?", ["the sea shore", "the quick brown fox", "one", "a girl"], "1234", "2"),
    ("She sells what?", ["sea shells", "many models", "nothing"], "ABC", "A"),
    ("How many models are there?", ["one", "two", "three", "four", "many"], "ABCDE", "E"),
    ("Welches Tier ist naïf?", ["ein Fuchs — schnell", "東京", "Ωμέγα", "the dog"], "1234", "4"),
    ("def main(): ?", ["return 0", "return", "0", "main"], "ABCD", "A"),
]
DATA = {
    "hellaswag": "datasets/Rowan/hellaswag/data/validation-00000-of-00001.parquet",
    "arc_easy": "datasets/allenai/ai2_arc/ARC-Easy/test-00000-of-00001.parquet",
}
STORIES = "models/zoosmith/stories-5m"
EVERY = {"hellaswag": 50, "arc_easy": 50}
CONTEXT = 2048  # tokens of the tiny model, so that no item is cut


def made_up() -> dict[str, list[dict[str, Any]]]:
    """Rows by task, in the columns of the sources."""
    films = [
        _film(i, activity, told, begun, right, wrong) for i, (activity, told, begun, right, wrong) in enumerate(FILMS)
    ]
    articles = [_film(9 + i, activity, told, "", *endings) for i, (activity, told, *endings) in enumerate(ARTICLES)]
    questions = [
        {"question": asked, "choices": {"text": texts, "label": list(labels)}, "answerKey": key}
        for asked, texts, labels, key in QUESTIONS
    ]
    return {"hellaswag": films + articles, "arc_easy": questions}


def _film(ind: int, activity: str, told: str, begun: str, right: str, wrong: str) -> dict[str, Any]:
    endings = [wrong, "was there once.", "is.", "holds many."]
    endings.insert(ind % 4, right)
    return {
        "ind": ind, "activity_label": activity, "ctx_a": told, "ctx_b": begun, "ctx": f"{told} {begun}".strip(),
        "endings": endings[:4], "label": str(ind % 4),
    }  # fmt: skip


def real(mirror: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows by task of the data in a folder laid out as the hub is, evenly spaced."""
    import pyarrow.parquet as pq

    found = {task: pq.read_table(mirror / file).to_pylist()[:: EVERY[task]] for task, file in DATA.items()}
    return found | {"hellaswag": [row | _parts(row["ctx"]) for row in found["hellaswag"]]}


def _parts(ctx: str) -> dict[str, str]:
    """The columns `ctx_a` and `ctx_b`, where there is `ctx` alone: films end with the beginning of a sentence."""
    *before, last = re.split(r"(?<=\.) ", ctx)
    return {"ctx_a": " ".join(before), "ctx_b": last}


def mapped(task: str, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows as a recipe maps them."""
    for row in rows:
        yield {ours: row[theirs] for ours, theirs in COLUMNS[task].items()}
