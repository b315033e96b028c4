"""A zoo for a machine with a GPU: encoders of the sizes of DistilBERT and BERT-base, in every precision we ship.

Weights are random, and the head's bias decides every answer: what is measured is bytes, milliseconds and where kernels
run, which do not depend on what the weights are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.zoo import BAD, GOOD, PLAIN, rows, write_project, write_recipe, write_rows, write_tokenizer

VOCABULARY = 30_522
LABELS = ("negative", "positive")
ROWS = {"train": 1600, "dev": 64, "test": 200}
QUANTISED = ("half", "bnb-int8", "bnb-nf4")
TRAINED = ("finetune-fp16", "finetune-bf16", "lora-r8", "qlora-r16")
QUERY_VALUE = {"distilbert": ["q_lin", "v_lin"], "bert-base": ["query", "value"]}


def write_encoder(folder: Path, family: str) -> None:
    """Random weights of the family's size, with a head, and a tokenizer of as many words."""
    import torch
    import transformers

    folder.mkdir(parents=True)
    known = (*PLAIN, *GOOD, *BAD)
    size = write_tokenizer(folder, (*known, *(f"word{i}" for i in range(VOCABULARY - 7 - len(known)))))
    labels: dict[str, Any] = {"id2label": dict(enumerate(LABELS)), "label2id": {x: i for i, x in enumerate(LABELS)}}
    torch.manual_seed(0)
    if family == "distilbert":
        config = transformers.DistilBertConfig(vocab_size=size, **labels)
        model = transformers.DistilBertForSequenceClassification(config)
    else:
        config = transformers.BertConfig(vocab_size=size, **labels)
        model = transformers.BertForSequenceClassification(config)
    model.classifier.bias.data = torch.tensor([0.0, 4.0])
    model.save_pretrained(folder)


def recipe(family: str) -> dict[str, Any]:
    """FP32, its quantised forms, and trainings of one epoch."""
    splits = {"train": "train", "dev": "dev", "eval": "test"}
    columns = {"text": "text", "label": "label"}
    trained = {"epochs": 1, "batch_size": 16, "learning_rate": 2e-4}
    adapted = {**trained, "target_modules": QUERY_VALUE[family]}
    return {
        "schema": 1,
        "summary": f"Random weights of the size of {family}, to see what a GPU does with them.",
        "license": "apache-2.0",
        "bases": {"encoder": {"path": f"bases/{family}"}},
        "data": {"rows": {"path": "data", "columns": columns, "labels": list(LABELS), "splits": splits}},
        "task": {"kind": "text-classification", "data": "rows", "max_length": 128},
        "evals": {"rows": {"kind": "text-classification", "data": "rows"}},
        "reference": "fp32",
        "artifacts": {
            "fp32": {"builder": "checkpoint", "from": "encoder"},
            "half": {"builder": "torch_half", "from": "fp32"},
            "bnb-int8": {"builder": "bnb_int8", "from": "fp32"},
            "bnb-nf4": {"builder": "bnb_nf4", "from": "fp32"},
            "finetune-fp16": {"builder": "finetune", "from": "encoder", "params": {**trained, "autocast": "fp16"}},
            "finetune-bf16": {"builder": "finetune", "from": "encoder", "params": {**trained, "autocast": "bf16"}},
            "lora-r8": {"builder": "lora", "from": "encoder", "params": {**adapted, "r": 8, "alpha": 16}},
            "qlora-r16": {"builder": "qlora", "from": "encoder", "params": {**adapted, "r": 16, "alpha": 32}},
        },
    }


def write_zoo(project: Path, families: list[str]) -> None:
    """Both families over one data set of short sentences."""
    write_project(project)
    for seed, (split, count) in enumerate(ROWS.items()):
        write_rows(project / "data" / f"{split}.jsonl", rows(count, seed))
    for family in families:
        write_encoder(project / "bases" / family, family)
        write_recipe(project, recipe(family), family)
