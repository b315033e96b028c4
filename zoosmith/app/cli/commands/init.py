"""Start a zoo of your own, with a first recipe for a table of labelled texts if you have one."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
from pathlib import Path

from zoosmith import plugins
from zoosmith.app.cli.commands._registry import json_argument
from zoosmith.contract.errors import ZooError

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


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the folder of the new zoo, and the table that it begins with, to the parser."""
    parser.add_argument("folder", type=Path)
    parser.add_argument("--csv", type=Path, metavar="FILE", help="a table of labelled texts: .csv, .tsv or .jsonl")
    parser.add_argument("--text", default="text", metavar="COLUMN", help="its column of texts (default: text)")
    parser.add_argument("--label", default="label", metavar="COLUMN", help="its column of classes (default: label)")
    parser.add_argument("--license", metavar="ID", help="of what is made of the table, such as apache-2.0")
    json_argument(parser, "the zoo, its recipe, the next command, and what the table holds")


def main(given: argparse.Namespace) -> None:
    """Write dodo.py, a first recipe and the folders of a zoo. Raises ZooError if one is already."""
    if (given.folder / "dodo.py").exists():
        raise ZooError(f"{given.folder} is a zoo already: it has a dodo.py")
    if given.csv is None:
        _plain(given.folder, as_json=given.json)
    else:
        _of_table(given)


def _plain(folder: Path, *, as_json: bool) -> None:
    """Start a zoo whose first recipe is to be filled in."""
    from zoosmith.common.text import show, show_json

    _start(folder)
    if not (folder / "recipes" / "first.yaml").exists():
        (folder / "recipes" / "first.yaml").write_text(RECIPE.format(), encoding="utf-8")
    if as_json:
        show_json({"folder": str(folder), "recipe": "recipes/first.yaml", "next": "doit list", "classes": {}})
    else:
        show(f"made {folder}: put a model below bases/, rows below data/, read recipes/first.yaml, then `doit list`")


def _of_table(given: argparse.Namespace) -> None:
    """Start a zoo whose first recipe is for the table."""
    from zoosmith.app.cli.starting import zoo
    from zoosmith.common.text import show, show_json, show_lines

    folder: Path = given.folder
    notes = sys.stderr if given.json else None
    survey = zoo.read(given.csv, given.text, given.label, lambda line: show(line, to=notes))
    if not given.json:
        show_lines("\n".join(survey.lines()))
    license = zoo.license_of(given.license)
    _refuse_what_is_there(folder)
    _start(folder)
    name = zoo.write(folder, given.csv, survey, license)
    if given.json:
        told = {"folder": str(folder), "recipe": f"recipes/{name}.yaml", "next": f"zoosmith build {name}-onnx-int8"}
        show_json(told | {"classes": dict(survey.classes), "empty": len(survey.empty), "twins": survey.twins,
                          "differing": len(survey.differing), "long": survey.long})  # fmt: skip
        return
    show(f"made {folder}: its recipe is recipes/{name}.yaml. Next:")
    show(f"  cd {shlex.quote(str(folder))} && zoosmith build {name}-onnx-int8")


def _refuse_what_is_there(folder: Path) -> None:
    """Raise ZooError where rows or a README would be written over."""
    for name in ("data/train.csv", "data/dev.csv", "data/test.csv", "README.md"):
        if (folder / name).exists():
            raise ZooError(f"{folder / name} is there already; name another folder")


def _start(folder: Path) -> None:
    for name in ("recipes", "builders", "data", "bases"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(plugins.shipped("dodo.py"), folder / "dodo.py")
    with (folder / ".gitignore").open("a", encoding="utf-8") as ignored:
        ignored.write("artifacts/\nscratch-zoo/\n/site/\n/.site.*\n")
