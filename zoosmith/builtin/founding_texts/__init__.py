"""Founding texts of the United States, in the public domain, so that language models are measured without a hub.

`eval` has the Declaration of Independence (1776), the Bill of Rights (1791) and the Gettysburg Address (1863),
paragraph by paragraph; `calibration` parts of the Constitution of 1787, section by section. Source: the engrossed
parchments and Lincoln's Bliss copy, as the U.S. National Archives and the Library of Congress transcribe them, some
spellings made uniform and some grievances left out; the authors are dead for over a century. Every language model has
read them: they tell how far a quantisation is from its original, not how good a model is.
"""

from __future__ import annotations

from pathlib import Path

from zoosmith.contract.params import Params as BaseParams

REQUIRES = ()
COLUMNS = {"text": "text"}
LABELS = ()
FOLDER = Path(__file__).parent
SPLITS = ("calibration", "eval")


class Params(BaseParams):
    """There is nothing to choose."""


def generate(params: Params) -> dict[str, list[dict[str, str]]]:
    """Rows with one `text` each, by split."""
    return {split: [{"text": text} for text in _paragraphs(FOLDER / f"{split}.txt")] for split in SPLITS}


def _paragraphs(file: Path) -> list[str]:
    """Paragraphs are apart by an empty line; the lines of one are joined."""
    return [" ".join(block.split()) for block in file.read_text(encoding="utf-8").split("\n\n") if block.strip()]
