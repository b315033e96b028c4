"""Tiny zoos for tests: a BERT of some 20,000 weights, a toy data set, a project folder with a dodo.py."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
BRIEFLY = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent / "brief"), str(ROOT)])}
"""What is measured starts each side twice, not four times."""
TORCH_BRIEFLY = BRIEFLY | {"ZOO_TEST_FORKS": "torch transformers.modeling_utils"}
"""The same where models of torch are measured: processes that open them import it once for all."""
GOOD = ("good", "great", "fine", "lovely", "superb")
BAD = ("bad", "poor", "awful", "dull", "weak")
PLAIN = ("film", "plot", "the", "a", "cast", "very", "scene", "music", "was", "is")


def rows(count: int, seed: int) -> list[dict[str, str]]:
    """Sentences with one telling word; decidable, so that a tiny model learns them in seconds."""
    generator = random.Random(seed)
    made = []
    for i in range(count):
        label, words = (("positive", GOOD), ("negative", BAD))[i % 2]
        text = [*generator.choices(PLAIN, k=generator.randint(2, 9)), generator.choice(words)]
        generator.shuffle(text)
        made.append({"text": " ".join(text), "label": label})
    return made


def write_rows(file: Path, made: list[dict[str, str]]) -> None:
    """JSON lines."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in made), encoding="utf-8")


def write_tokenizer(folder: Path, words: tuple[str, ...] = PLAIN + GOOD + BAD) -> int:
    """A BERT-like word tokenizer; returns the size of its vocabulary."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words, "and", "of", "it"]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]", "unk_token": "[UNK]",
              "cls_token": "[CLS]", "sep_token": "[SEP]"}  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return len(vocabulary)


def write_bert(
    folder: Path, *, labels: tuple[str, ...] = (), seed: int = 0, layers: int = 2, width: int = 32, heads: int = 2
) -> Path:
    """A random BERT encoder in `folder`, with a classification head where `labels` are given."""
    import torch
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    config = transformers.BertConfig(
        vocab_size=write_tokenizer(folder), hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
        intermediate_size=2 * width, max_position_embeddings=64,
    )  # fmt: skip
    if labels:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: i for i, label in enumerate(labels)}
        transformers.BertForSequenceClassification(config).save_pretrained(folder)
    else:
        transformers.BertModel(config).save_pretrained(folder)
    return folder


RECIPE = {
    "schema": 1,
    "summary": "A toy sentiment family.",
    "license": "apache-2.0",
    "bases": {"encoder": {"path": "bases/encoder"}},
    "data": {
        "toy": {
            "path": "data",
            "columns": {"text": "text", "label": "label"},
            "labels": ["negative", "positive"],
            "splits": {"train": "train", "dev": "dev", "eval": "test"},
        }
    },
    "task": {"kind": "text-classification", "data": "toy", "max_length": 32},
    "evals": {"toy": {"kind": "text-classification", "data": "toy"}},
    "reference": "fp32",
    "artifacts": {
        "fp32": {
            "builder": "finetune",
            "from": "encoder",
            "params": {"epochs": 4, "learning_rate": 3e-3, "batch_size": 16, "autocast": "none"},
        },
        "torch-int8": {"builder": "torch_int8", "from": "fp32"},
        "onnx-fp32": {"builder": "onnx", "from": "fp32"},
        "onnx-int8": {"builder": "onnx_int8", "from": "onnx-fp32"},
    },
}


def write_recipe(project: Path, recipe: dict[str, object], id: str = "toy") -> Path:
    """A recipe as YAML."""
    file = project / "recipes" / f"{id}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
    return file


def write_project(project: Path) -> Path:
    """An empty zoo: dodo.py and folders."""
    (project / "recipes").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "dodo.py", project / "dodo.py")
    return project


def write_toy(project: Path) -> Path:
    """The toy zoo: tiny encoder, data, recipe `toy`."""
    write_project(project)
    write_bert(project / "bases" / "encoder")
    for split, count, seed in (("train", 240, 1), ("dev", 40, 2), ("test", 120, 3)):
        write_rows(project / "data" / f"{split}.jsonl", rows(count, seed))
    write_recipe(project, RECIPE)
    return project


def doit(
    project: Path, *arguments: str, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run doit as a user does, but that it measures briefly unless PYTHONPATH is given; output is text."""
    return subprocess.run(
        [sys.executable, "-m", "doit", *arguments], cwd=cwd or project, capture_output=True, text=True,
        env=os.environ | BRIEFLY | environment, timeout=600, check=False,
    )  # fmt: skip
