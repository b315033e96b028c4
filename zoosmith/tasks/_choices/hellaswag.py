"""Texts of HellaSwag as lm-evaluation-harness reads them.

Source: lm-evaluation-harness 0.4.13, `lm_eval/tasks/hellaswag/utils.py`; data: Zellers et al. (2019), HellaSwag: Can a
Machine Really Finish Your Sentence?
"""

from __future__ import annotations

import re

WIKIHOW = ("[header]", "[title]", "[step]", "[substeps]")  # tags of the articles, which end with a whole sentence
BEGUN = re.compile(r"(?<=[.?!\"')] )[a-z][^.?!]*$")  # the sentence that an ending finishes


def cleaned(text: str) -> str:
    """A text without the tags that WikiHow's articles are cut up with."""
    titled = text.strip().replace(" [title]", ". ")
    return re.sub(r"\[.*?\]", "", titled).replace("  ", " ")


def context_of(activity: str, context: str, opening: str | None = None) -> str:
    """What an ending continues: the activity, and what happened with the sentence that has begun in upper case.

    opening: that beginning, the column `ctx_b`, whether or not `context` ends with it (columns `ctx`, `ctx_a`). Without
    it, it is what follows the last whole sentence of a film's description.
    """
    return cleaned(f"{activity}: {_told(context, opening)}")


def _told(context: str, opening: str | None) -> str:
    if opening is not None:
        return f"{context.removesuffix(opening).rstrip(' ')} {opening.capitalize()}"
    if any(tag in context for tag in WIKIHOW):
        return context
    return BEGUN.sub(lambda found: found.group().capitalize(), context)
