"""Ask an artifact."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from zoosmith.common.text import inline, show, show_json, show_part

if TYPE_CHECKING:
    from zoosmith.predictor import Predictor


def arguments(parser: argparse.ArgumentParser) -> None:
    """Artifact and inputs."""
    parser.add_argument("name", help="artifact that was built or pulled, or a folder with a manifest.json")
    texts = "input; as many texts as the task takes, or several inputs of one text"
    parser.add_argument("text", nargs="+", help=texts)
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads that compute (default: 1)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, with the score of every label")


def main(given: argparse.Namespace) -> None:
    """Print label and score of each input; of a language model what it writes, as it writes it."""
    from zoosmith.predictor import load
    from zoosmith.publish.damage import looked_for

    require_text(given.text)
    with looked_for(given.name):
        model = load(given.name, threads=given.threads)
        several = len(model.task.spec.inputs) > 1
        inputs: list[Any] = [tuple(given.text)] if several else list(given.text)
        show_one = _stream if hasattr(model.scoring, "stream") else _answer
        for value in inputs:
            show_one(model, value, as_json=given.json)


def require_text(inputs: list[str]) -> None:
    """Raise ZooError for bytes that are no UTF-8: Python hands them on as surrogates, which no tokenizer takes."""
    from zoosmith.contract.errors import ZooError

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
