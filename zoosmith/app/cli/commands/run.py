"""Ask an artifact: about texts, about lines of standard input, or about each row of a file."""

from __future__ import annotations

import argparse
import codecs
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoosmith.app.cli.commands._found import MARKS, here
from zoosmith.app.cli.commands._numbers import threads
from zoosmith.app.cli.commands._registry import registry_argument
from zoosmith.common.names import nearest
from zoosmith.common.text import inline, show, show_json, show_part
from zoosmith.contract.errors import ZooError

if TYPE_CHECKING:
    from zoosmith.predictor import Predictor

LINES = "-"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Artifact and inputs."""
    named = "artifact that was built or pulled, a folder with a manifest.json, or NAME@N or NAME:ALIAS of a registry"
    parser.add_argument("name", help=named)
    texts = "input; as many texts as the task takes, or several inputs of one text; - for one input in each line of "
    parser.add_argument("text", nargs="*", help=f"{texts}standard input, its texts apart by tabs")
    parser.add_argument("--input", type=Path, metavar="FILE", help="ask about each row of a .csv, .tsv or .jsonl file")
    parser.add_argument(
        "--output", type=Path, metavar="FILE", help="with --input: a new .csv or .jsonl file of answers"
    )
    column = "column of --input that holds an input of the task, such as text=message (default: of the same name)"
    parser.add_argument("--column", action="append", default=[], metavar="INPUT=COLUMN", help=column)
    parser.add_argument("--threads", type=threads, default=1, metavar="N", help="threads that compute (default: 1)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, with the score of every label")
    registry_argument(parser)


def more(given: argparse.Namespace, rest: Sequence[str]) -> None:
    """Texts that stand behind options, which argparse leaves over. Raises ZooError for an option that there is not."""
    if unknown := [word for word in rest if word.startswith("-") and word != LINES]:
        known = ["--input", "--output", "--column", "--threads", "--json", "--registry"]
        raise ZooError(f"{unknown[0]!r} is no option of run{nearest(unknown[0], known)}; put a text that begins so "
                       "behind `--`")  # fmt: skip
    given.text += rest


def main(given: argparse.Namespace) -> None:
    """Print label and score of each input; of a language model what it writes, as it writes it."""
    from zoosmith.predictor import load
    from zoosmith.publish.damage import looked_for

    _require_one_source(given)
    require_text(given.text)
    if any(mark in given.name for mark in MARKS):
        given.name = str(here(given).folder)
    with looked_for(given.name):
        model = load(given.name, threads=given.threads)
        if given.input:
            from zoosmith.app.cli.commands._rows import answer_rows

            answer_rows(model, given)
            return
        show_one = _stream if hasattr(model.scoring, "stream") else _answer
        for value in _inputs(given.text, several=len(model.task.spec.inputs) > 1):
            show_one(model, value, as_json=given.json)


def _require_one_source(given: argparse.Namespace) -> None:
    """Raise ZooError unless inputs are given, in one way."""
    if given.input and given.text:
        raise ZooError("texts and --input are two ways to ask; give one of them")
    if not (given.input or given.text):
        raise ZooError(f"nothing is asked: give a text, `{LINES}` for lines of standard input, or --input FILE")
    if bool(given.input) != bool(given.output):
        raise ZooError("--input and --output go together: `--input rows.csv --output answers.csv`")
    if given.column and not given.input:
        raise ZooError("--column says which column of --input FILE holds an input; there is no --input")


def _inputs(texts: list[str], *, several: bool) -> Iterator[Any]:
    if texts != [LINES]:
        yield from [tuple(texts)] if several else texts
        return
    for number, line in enumerate(sys.stdin.buffer, 1):
        own = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        text = _decoded(own.rstrip(b"\r\n"), number)
        yield tuple(text.split("\t")) if several else text


def _decoded(line: bytes, number: int) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise ZooError(f"line {number} of standard input is no UTF-8: {error.reason}; convert it first") from None


def require_text(inputs: list[str]) -> None:
    """Raise ZooError for bytes that are no UTF-8: Python hands them on as surrogates, which no tokenizer takes."""
    for text in inputs:
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ZooError(f"the input {text!a} is not UTF-8; set the terminal to UTF-8, or convert it first") from None


def _answer(model: Predictor, value: Any, *, as_json: bool) -> None:
    [answer] = model.predict([value])
    if isinstance(answer, str):
        show_json({"input": value, "text": answer}) if as_json else show(inline(answer))
    elif as_json:
        show_json({"input": value, "label": answer.label, "scores": answer.scores})
    else:
        show_part(f"{inline(answer.label)}\t{answer.score:.3f}\n")


def _stream(model: Predictor, value: Any, *, as_json: bool) -> None:
    written = model.scoring.stream(model.session, model.task, value, None if as_json else show_part)
    if as_json:
        show_json({"input": value} | written._asdict())
    else:
        show("")
