"""Recipes as YAML text, complete enough to show every key."""

from __future__ import annotations

import textwrap
from typing import Any

import yaml

from zoosmith.recipes.graph import Source, Zoo
from zoosmith.recipes.yaml import parse

COMMIT = "714eb0fa89d2f80546fda750413ed43d93601a13"

FULL = textwrap.dedent("""\
    # a family with every key
    schema: 1
    summary: DistilBERT sentiment classifier, for laptops and small servers.
    license: apache-2.0
    intended: Film reviews in English.
    limits: Not for other languages.
    example: A film that stays with you.
    bases:
      finetuned:  {repo: distilbert/distilbert-base-uncased-finetuned-sst-2-english, revision: @COMMIT}
      pretrained:
        repo: distilbert/distilbert-base-uncased
        revision: @COMMIT
        gated: true
        pypi: {package: distilbert-wheel, version: "1.0", sha256: @SHA, path: wheel/model}
        path: bases/distilbert
        license: apache-2.0
        files:
          config.json: @SHA
          onnx/model.onnx: @SHA
    data:
      sst2:
        repo: stanfordnlp/sst2
        revision: @COMMIT
        config: default
        columns: {text: sentence, label: label}
        labels: [negative, positive]
        splits: {train: "train[:-2000]", dev: "train[-2000:]", eval: validation}
        license: other
      hard:
        path: data/hard
        columns: {text: text, label: label}
        documents: "^# "
        splits: {eval: test}
      made:
        builtin: person_names
        params: {people: 100}
    task: {kind: text-classification, data: sst2, max_length: 64, labels: [negative, positive]}
    evals:
      sst2: {kind: text-classification, data: sst2, split: eval, slices: [label], baselines: [majority]}
      hard: {kind: text-classification, data: hard, rows: 100, artifacts: [onnx-int8]}
      checks: {kind: invariance, data: hard, changes: [identical], same: positive}
    reference: fp32
    crossval: {folds: 4, rows: 1000, seed: 7, group: [person], column: part}
    artifacts:
      fp32:
        builder: checkpoint
        from: finetuned
        summary: As published.
      onnx-fp32: {builder: onnx, from: fp32}
      onnx-int8:
        builder: onnx_int8
        from: onnx-fp32
        params: {per_channel: true}
        seed: 7
        gates:
          sst2.accuracy: {max_drop: 0.01, sure: true}
          size: {max_ratio: 0.30}
          speed:
            min: 1.5
            hosts: ["*-vnni", "epyc-?"]
      lora-r8: {builder: lora, from: pretrained, params: {r: 8, alpha: 16, dropout: 0.05, epochs: 2}}
      distilled: {builder: distill, from: {student: pretrained, teacher: fp32}}
""").replace("@COMMIT", COMMIT).replace("@SHA", "5a" * 32)  # fmt: skip

SMALL = textwrap.dedent("""\
    schema: 1
    summary: A toy.
    license: mit
    bases:
      encoder: {path: bases/encoder}
    data:
      toy: {path: data, splits: {train: train, eval: test}}
    task: {kind: text-classification, data: toy}
    evals:
      toy: {kind: text-classification, data: toy}
    reference: fp32
    artifacts:
      fp32: {builder: finetune, from: encoder}
      int8: {builder: torch_int8, from: fp32}
""")


def edited(text: str, *changes: tuple[str, str]) -> str:
    """`text` with each (old, new) replaced; old must stand in it exactly once."""
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the recipe"
        text = text.replace(old, new)
    return text


def line(text: str, part: str) -> int:
    """Number, from 1, of the one line that holds `part`."""
    found = [number for number, content in enumerate(text.splitlines(), 1) if part in content]
    assert len(found) == 1, f"{part!r} stands in lines {found}"
    return found[0]


def zoo(**texts: str) -> Zoo:
    """A zoo of recipes, each given as `id=text`."""
    return Zoo({id: (parse(text, f"{id}.yaml"), Source(f"{id}.yaml", text)) for id, text in texts.items()})


def document(text: str = FULL) -> dict[str, Any]:
    """The recipe as plain data, as an editor checks it against the JSON Schema."""
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded
