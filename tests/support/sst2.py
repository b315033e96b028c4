"""A loopback hub's folder with small encoders under their real names, and toy rows under SST-2's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.support.zoo import rows, write_tokenizer

FINETUNED = "distilbert/distilbert-base-uncased-finetuned-sst-2-english"
PRETRAINED = "distilbert/distilbert-base-uncased"
BERT = "google-bert/bert-base-uncased"
SST2 = "stanfordnlp/sst2"
COMMITS = {
    FINETUNED: "714eb0fa89d2f80546fda750413ed43d93601a13",
    PRETRAINED: "12040accade4e8a0f71eabdb258fecc2e7e948be",
    BERT: "86b5e0934494bd15c9632b12f734a8a67f723594",
    SST2: "8d51e7e4887a4caaa95b3fbebbf53c0490b58bbb",
}


def write_distilbert(folder: Path, steps: int = 60) -> Path:
    """A DistilBERT of 1.6 M weights, so that INT8 shrinks it as it does a large one, trained for two seconds."""
    import torch
    import transformers

    folder.mkdir(parents=True)
    torch.manual_seed(0)
    config = transformers.DistilBertConfig(
        vocab_size=write_tokenizer(folder),
        dim=256,
        hidden_dim=1024,
        n_layers=2,
        n_heads=4,
        max_position_embeddings=128,
        id2label={0: "NEGATIVE", 1: "POSITIVE"},
        label2id={"NEGATIVE": 0, "POSITIVE": 1},
    )
    model = transformers.DistilBertForSequenceClassification(config)
    _train(model, folder, steps)
    model.save_pretrained(folder)
    return folder


def write_bert(folder: Path, steps: int = 60) -> Path:
    """A BERT of 1.7 M weights without a head, whose body has seen the toy rows as a pretrained one has seen text."""
    import torch
    import transformers

    folder.mkdir(parents=True)
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=write_tokenizer(folder), hidden_size=256, intermediate_size=1024, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=128,
    )  # fmt: skip
    model = transformers.BertForSequenceClassification(config)
    _train(model, folder, steps)
    _save_for_masked_words(model.bert, transformers.BertForPreTraining(config), folder)
    return folder


def _save_for_masked_words(body: Any, model: Any, folder: Path) -> None:
    """As the hub has pretrained encoders: with the head of their pretraining and none of ours."""
    getattr(model, model.base_model_prefix).load_state_dict(body.state_dict(), strict=False)
    model.save_pretrained(folder)


def _train(model: Any, folder: Path, steps: int) -> None:
    import torch

    from zoosmith.tasks._tokens import load_tokenizer

    torch.set_num_threads(1)  # small products; other threads would wait for each other
    tokenizer = load_tokenizer(folder, 32)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(steps):
        batch = rows(32, seed=step)
        encoded = tokenizer.encode_batch([row["text"] for row in batch])
        targets = torch.tensor([int(row["label"] == "positive") for row in batch])
        ids, mask = (torch.tensor([getattr(e, name) for e in encoded]) for name in ("ids", "attention_mask"))
        model(input_ids=ids, attention_mask=mask, labels=targets).loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def write_sst2(folder: Path, train: int = 2400, validation: int = 200) -> None:
    """Parquet files with SST-2's columns and class names."""
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features(
        {"idx": Value("int32"), "sentence": Value("string"), "label": ClassLabel(names=["negative", "positive"])}
    )
    for name, count, seed in (("train", train, 1), ("validation", validation, 2)):
        made = rows(count, seed)
        columns = {
            "idx": list(range(count)),
            "sentence": [row["text"] for row in made],
            "label": [int(row["label"] == "positive") for row in made],
        }
        (folder / "data").mkdir(parents=True, exist_ok=True)
        Dataset.from_dict(columns, features=features).to_parquet(folder / "data" / f"{name}-00000-of-00001.parquet")


def write_hub(root: Path) -> Path:
    """Everything that `distilbert-sst2` asks a hub for."""
    import transformers

    finetuned, pretrained = root / "models" / FINETUNED, root / "models" / PRETRAINED
    write_distilbert(finetuned)
    shutil.copytree(finetuned, pretrained)
    body = transformers.DistilBertModel.from_pretrained(finetuned)
    _save_for_masked_words(body, transformers.DistilBertForMaskedLM(body.config), pretrained)
    write_sst2(root / "datasets" / SST2)
    return root


def write_bert_hub(root: Path) -> Path:
    """Everything that `bert-base-sst2` asks a hub for."""
    write_bert(root / "models" / BERT)
    write_sst2(root / "datasets" / SST2)
    return root
