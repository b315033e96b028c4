"""Ask an artifact."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence


def arguments(parser: argparse.ArgumentParser) -> None:
    """Artifact and inputs."""
    parser.add_argument("name", help="artifact that was built or pulled, or a folder with a manifest.json")
    texts = "input; as many texts as the task takes, or several inputs of one text"
    parser.add_argument("text", nargs="+", help=texts)
    parser.add_argument("--json", action="store_true", help="one JSON object a line, with the score of every label")


def main(given: argparse.Namespace) -> None:
    """Print label and score of each input."""
    from zoosmith.predictor import load

    model = load(given.name)
    several = len(model.task.spec.inputs) > 1
    inputs: list[str | Sequence[str]] = [tuple(given.text)] if several else list(given.text)
    for value, answer in zip(inputs, model.predict(inputs), strict=True):
        if given.json:
            print(json.dumps({"input": value, "label": answer.label, "scores": answer.scores}, ensure_ascii=False))
        else:
            print(f"{answer.label}\t{answer.score:.3f}")
