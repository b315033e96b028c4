"""Written answers as the evaluation of VQA compares them.

Source: Antol et al., VQA, 2015, and its evaluation code: lower case, no punctuation, no articles, digits for the words
of numbers.
"""

from __future__ import annotations

import re

ARTICLES = frozenset({"a", "an", "the"})
NUMBERS = {
    word: str(i)
    for i, word in enumerate("zero one two three four five six seven eight nine ten".split())  # noqa: SIM905
} | {"none": "0"}
APART = re.compile(r"[^\w\s]|_")


def words(text: str) -> list[str]:
    """The words that count."""
    kept = (word for word in APART.sub(" ", text.lower()).split() if word not in ARTICLES)
    return [NUMBERS.get(word, word) for word in kept]


def same(answer: str, right: str) -> bool:
    """Whether it is the right answer and nothing else."""
    return words(answer) == words(right)


def mentions(answer: str, right: str) -> bool:
    """Whether the right answer stands somewhere in it, as whole words."""
    said, wanted = words(answer), words(right)
    return bool(wanted) and any(said[i : i + len(wanted)] == wanted for i in range(len(said)))
