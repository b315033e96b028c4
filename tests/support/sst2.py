"""A loopback hub's folder with a small DistilBERT under its real name, and toy rows under SST-2's."""

from __future__ import annotations

from pathlib import Path

from tests.support.zoo import rows, write_tokenizer

FINETUNED = "distilbert/distilbert-base-uncased-finetuned-sst-2-english"
PRETRAINED = "distilbert/distilbert-base-uncased"
SST2 = "stanfordnlp/sst2"
COMMITS = {
    FINETUNED: "714eb0fa89d2f80546fda750413ed43d93601a13",
    PRETRAINED: "12040accade4e8a0f71eabdb258fecc2e7e948be",
    SST2: "8d51e7e4887a4caaa95b3fbebbf53c0490b58bbb",
}


def write_distilbert(folder: Path, steps: int = 60) -> Path:
    """A DistilBERT of 1.6 M weights, so that INT8 shrinks it as it does a large one, trained for two seconds."""
    import torch
    import transformers

    from zoosmith.tasks._tokens import load_tokenizer

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
    model.save_pretrained(folder)
    return folder


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
    write_distilbert(root / "models" / FINETUNED)
    write_sst2(root / "datasets" / SST2)
    return root
