"""Start a zoo of your own."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from zoosmith import plugins
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
    """Add the folder of the new zoo to the parser."""
    parser.add_argument("folder", type=Path)


def main(given: argparse.Namespace) -> None:
    """Write dodo.py, a first recipe and the folders of a zoo. Raises ZooError if one is already."""
    from zoosmith.common.text import show

    folder: Path = given.folder
    if (folder / "dodo.py").exists():
        raise ZooError(f"{folder} is a zoo already: it has a dodo.py")
    for name in ("recipes", "builders", "data", "bases"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(plugins.shipped("dodo.py"), folder / "dodo.py")
    if not (folder / "recipes" / "first.yaml").exists():
        (folder / "recipes" / "first.yaml").write_text(RECIPE.format(), encoding="utf-8")
    with (folder / ".gitignore").open("a", encoding="utf-8") as ignored:
        ignored.write("artifacts/\nscratch-zoo/\n/site/\n/.site.*\n")
    show(f"made {folder}: put a model below bases/, rows below data/, read recipes/first.yaml, then `doit list`")
