"""The `zoosmith` command: `run`, `push`, `init`, `schema`. Imports nothing heavy until it must."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from zoosmith import __version__, plugins
from zoosmith.contract import ZooError
from zoosmith.core import recipe, registry
from zoosmith.core.canonical import pretty
from zoosmith.project import find_project

RECIPE = """\
# A recipe: one family of artifacts. `zoosmith schema recipe` prints its JSON Schema for your editor.
schema: 1
summary: What this family is for.
license: apache-2.0
bases:
  encoder: {{path: bases/encoder}}     # a folder with config.json, model.safetensors, tokenizer.json
data:
  mine:
    path: data                       # train.csv, dev.csv, test.csv with the columns text and label
    columns: {{text: text, label: label}}
    splits: {{train: train, dev: dev, eval: test}}
task: {{kind: text-classification, data: mine, max_length: 128}}
evals:
  mine: {{kind: text-classification, data: mine}}
reference: fp32
artifacts:
  fp32: {{builder: finetune, from: encoder}}
  onnx-fp32: {{builder: onnx, from: fp32}}
  onnx-int8: {{builder: onnx_int8, from: onnx-fp32}}
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="zoosmith", description="Use and start model zoos; `doit list` builds them.")
    top.add_argument("--version", action="version", version=f"zoosmith {__version__}")
    commands = top.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="ask an artifact")
    run.add_argument("name", help="artifact name, or a folder with a manifest.json")
    run.add_argument("text", nargs="+", help="input; as many texts as the task takes, or several inputs of one text")
    run.add_argument("--json", action="store_true", help="one JSON object a line, with the score of every label")
    push = commands.add_parser("push", help="publish an artifact that `doit build:NAME` has recorded")
    push.add_argument("name", help="artifact name")
    push.add_argument("--to", required=True, metavar="TARGET", help="hf://ORG or file://DIR")
    init = commands.add_parser("init", help="start a zoo of your own")
    init.add_argument("folder", type=Path)
    schema = commands.add_parser("schema", help="print a JSON Schema")
    schema.add_argument("what", choices=("recipe", "registry"))
    return top


def run(name: str, texts: Sequence[str], as_json: bool) -> None:
    """Print label and score of each input."""
    from zoosmith.predictor import load

    model = load(name)
    several = len(model.task.spec.inputs) > 1
    inputs: list[str | Sequence[str]] = [tuple(texts)] if several else list(texts)
    for given, answer in zip(inputs, model.predict(inputs), strict=True):
        if as_json:
            print(json.dumps({"input": given, "label": answer.label, "scores": answer.scores}, ensure_ascii=False))
        else:
            print(f"{answer.label}\t{answer.score:.3f}")


def publish(name: str, target: str) -> None:
    """Publish an artifact of the zoo around the current folder. Raises ZooError."""
    from zoosmith.engine.graph import Workshop
    from zoosmith.hub.push import push

    shop = Workshop(find_project())
    print(push(shop, shop.zoo.find(name), target))


def init(folder: Path) -> None:
    """Write dodo.py, a first recipe and the folders of a zoo. Raises ZooError where one is already."""
    if (folder / "dodo.py").exists():
        raise ZooError(f"{folder} is a zoo already: it has a dodo.py")
    for name in ("recipes", "builders", "data", "bases"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(plugins.shipped("dodo.py"), folder / "dodo.py")
    (folder / "recipes" / "first.yaml").write_text(RECIPE.format(), encoding="utf-8")
    (folder / ".gitignore").write_text("artifacts/\nscratch-zoo/\n", encoding="utf-8")
    print(f"made {folder}: put a model below bases/, rows below data/, read recipes/first.yaml, then `doit list`")


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; our errors become one line and exit code 1."""
    given = parser().parse_args(arguments)
    try:
        if given.command == "run":
            run(given.name, given.text, given.json)
        elif given.command == "push":
            publish(given.name, given.to)
        elif given.command == "init":
            init(given.folder)
        else:
            print(pretty(recipe.json_schema() if given.what == "recipe" else registry.json_schema()), end="")
    except ZooError as error:
        print(f"zoosmith: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
