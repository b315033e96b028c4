"""Cards of a family of two, with the figures that a test is about."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from tests.support import records
from tests.support.zoo import RECIPE, ROOT
from zoosmith.cards.card import CardInput, render
from zoosmith.cards.reproduction import Step
from zoosmith.recipes.schema import Gate, Recipe
from zoosmith.records.family import Subject
from zoosmith.records.gates import evaluate

TEMPLATE = (ROOT / "model_cards" / "template.md.j2").read_text(encoding="utf-8")
REFERENCE = Subject(records.build("toy-fp32", builder="finetune", format="torch"), records.reference())
SUBJECT = Subject(records.build(), records.measurement())
LINEAGE = [
    Step("toy/encoder", f"org/encoder@{'c' * 40}", records.sha("encoder")),
    Step("toy-onnx-int8", "builder onnx_int8", "d" * 64),
]
UNDECIDED = "whether it loses more than 1 point is not decidable with 400 examples, needs about 870"
AWKWARD = ["a|b", "*bold*", "_under_", "[link](x)", "`code`", "<b>", "two\nlines", "back\\slash", "~~no~~", "né | 名前"]


def given(subject: Subject = SUBJECT, **changed: Any) -> CardInput:
    made = CardInput(
        recipe=Recipe.model_validate(RECIPE),
        subject=subject,
        siblings=[REFERENCE, subject],
        others=[],
        checks=evaluate({"size": Gate(max_ratio=0.3), "speed": Gate(min=9, hosts=("x-*",))}, subject.measured),
        lineage=LINEAGE,
        relation="quantized",
        library="onnx",
        pipeline_tag="text-classification",
        extra="onnx",
    )
    return replace(made, **changed)


def card(subject: Subject = SUBJECT, **changed: Any) -> str:
    return render(TEMPLATE, given(subject, **changed))


def measured(**changed: Any) -> Subject:
    return Subject(SUBJECT.build, records.measurement(**changed))


def labelled(*labels: str) -> Subject:
    """An artifact with other labels."""
    quality = {"toy": records.quality(labels=labels)}
    return Subject(records.build(labels=labels), records.measurement(quality=quality))


def tables(text: str) -> list[list[list[str]]]:
    """Cells of every table; a backslash keeps a bar inside its cell (GitHub Flavored Markdown, section 4.10)."""
    found: list[list[list[str]]] = [[]]
    for each in text.splitlines():
        if each.startswith("|"):
            found[-1].append([cell.strip() for cell in re.split(r"(?<!\\)\|", each)[1:-1]])
        elif found[-1]:
            found.append([])
    return [table for table in found if table]
