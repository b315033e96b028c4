"""What the docstrings of a builder's parameters say of each.

They are written `name: what it is. other: what that is.`, and sometimes as a sentence that begins with the name.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from pydantic import BaseModel

GLOSSARY = {
    "batch_size": "rows of a batch",
    "dtype": "of the weights",
    "epochs": "passes over the rows that are learnt from",
    "learning_rate": "of a weight at the end of the warm-up",
    "max_grad_norm": "gradients that are longer together are scaled down to it",
    "ratio": "factor on the size that is given otherwise",
    "recovery": "training afterwards; none if null",
    "rows": "how many rows are looked at",
    "tokens": "a row is cut to so many tokens",
    "warmup": "share of the steps in which the learning rate rises",
    "weight_decay": "decoupled from the gradient, as in AdamW",
}
"""The field's standard words, for parameters that no docstring tells of."""


def about(model: type[BaseModel], name: str) -> str:
    """What is said of a parameter, without a full stop: by the model's docstring, those of its bases, or the glossary.

    "" where nobody says.
    """
    texts = [text for text in map(_own_docstring, model.__mro__) if text]
    fields = list(model.model_fields)
    for text in texts:
        for names, said in _passages(text, fields):
            if name in names:
                return said
    if name in GLOSSARY:
        return GLOSSARY[name]
    return next((found for text in texts if (found := _mention(text, name))), "")


def _own_docstring(cls: type) -> str:
    """Of a class that declares fields itself."""
    own = vars(cls)
    return inspect.cleandoc(own.get("__doc__") or "") if cls is not BaseModel and own.get("__annotations__") else ""


def _passages(text: str, fields: Sequence[str]) -> Iterator[tuple[list[str], str]]:
    """Names, and what is said from there to the next name or paragraph."""
    name = "|".join(map(re.escape, sorted(fields, key=len, reverse=True)))
    start = re.compile(rf"(?:^|(?<=[.;] ))((?:{name})(?:, (?:{name}))*)(?=[:, \"])")
    for paragraph in re.split(r"\n\s*\n", text):
        line = " ".join(paragraph.split())
        found = list(start.finditer(line))
        for one, after in zip_longest(found, found[1:]):
            names = one[1].split(", ")
            said = line[one.start() : after.start() if after else len(line)].strip().rstrip(".;")
            yield names, said.removeprefix(f"{one[1]}: ") if len(names) == 1 else said


def _mention(text: str, name: str) -> str:
    """The first sentence with the name in it."""
    sentences = re.split(r"(?<=[.;]) |\n\s*\n", text)
    for sentence in sentences:
        if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", sentence):
            return " ".join(sentence.split()).rstrip(".;")
    return ""
