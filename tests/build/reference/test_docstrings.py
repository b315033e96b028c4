"""Descriptions out of docstrings that were written for people."""

from __future__ import annotations

from pydantic import BaseModel

from zoosmith.build.reference.docstrings import about


class Base(BaseModel):
    """learning_rate is the peak; head_rate, if given, is that of the head.

    autocast "bf16" computes in bfloat16; "none" in FP32. patience: epochs without a better `dev`.
    """

    epochs: int = 1
    learning_rate: float = 0.1
    head_rate: float | None = None
    autocast: str = "none"
    patience: int = 2
    silent: int = 0


class Params(Base):
    """The budget. rows, tokens: of `train`, each cut to so many tokens. soft: with a `temperature`, or without.

    patience: none here.
    """

    rows: int = 1
    tokens: int = 2
    soft: bool = False
    temperature: float = 1.0


def test_a_name_with_a_colon_is_told_by_what_follows() -> None:
    assert about(Base, "patience") == "epochs without a better `dev`"


def test_a_sentence_that_begins_with_the_name_stays_whole() -> None:
    assert about(Params, "learning_rate") == "learning_rate is the peak"
    assert about(Params, "head_rate") == "head_rate, if given, is that of the head"
    assert about(Params, "autocast") == 'autocast "bf16" computes in bfloat16; "none" in FP32'


def test_names_that_are_told_together_say_so() -> None:
    assert about(Params, "tokens") == "rows, tokens: of `train`, each cut to so many tokens"


def test_the_nearest_class_wins_then_the_glossary_then_a_mention() -> None:
    assert about(Params, "patience") == "none here"
    assert about(Params, "epochs") == "passes over the rows that are learnt from"
    assert about(Params, "temperature") == "soft: with a `temperature`, or without"


def test_nothing_is_made_up() -> None:
    assert about(Params, "silent") == ""
