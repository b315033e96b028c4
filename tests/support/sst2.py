"""A loopback hub's folder with small encoders under their real names, and toy rows under those of data sets."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.support.zoo import BAD, GOOD, PLAIN, rows, write_tokenizer

FINETUNED = "distilbert/distilbert-base-uncased-finetuned-sst-2-english"
PRETRAINED = "distilbert/distilbert-base-uncased"
BERT = "google-bert/bert-base-uncased"
SST2 = "stanfordnlp/sst2"
IMDB = "stanfordnlp/imdb"
AG_NEWS = "fancyzhx/ag_news"
SENTIMENT = ("negative", "positive")
TOPICS = ("World", "Sports", "Business", "Sci/Tech")
TELLING = (("treaty", "envoy"), ("goal", "coach"), ("shares", "profit"), ("software", "orbit"))
WORDS = (*PLAIN, *GOOD, *BAD, *(word for words in TELLING for word in words))
COMMITS = {
    FINETUNED: "714eb0fa89d2f80546fda750413ed43d93601a13",
    PRETRAINED: "12040accade4e8a0f71eabdb258fecc2e7e948be",
    BERT: "86b5e0934494bd15c9632b12f734a8a67f723594",
    SST2: "8d51e7e4887a4caaa95b3fbebbf53c0490b58bbb",
    IMDB: "e6281661ce1c48d982bc483cf8a173c1bbeb5d31",
    AG_NEWS: "eb185aade064a813bc0b7f42de02595523103ca4",
}
Rows = Callable[[int, int], list[dict[str, str]]]


def topics(count: int, seed: int) -> list[dict[str, str]]:
    """Sentences with one word that tells the topic."""
    generator = random.Random(seed)
    made = []
    for i in range(count):
        text = [*generator.choices(PLAIN, k=generator.randint(2, 9)), generator.choice(TELLING[i % 4])]
        generator.shuffle(text)
        made.append({"text": " ".join(text), "label": TOPICS[i % 4]})
    return made


def by_label(count: int, seed: int) -> list[dict[str, str]]:
    """Reviews sorted by label, as IMDB's are."""
    return sorted(rows(count, seed), key=lambda row: row["label"])


def write_distilbert(
    folder: Path, make: Rows = rows, labels: Sequence[str] = SENTIMENT, steps: int = 60, width: int = 256
) -> Path:
    """A DistilBERT trained for two seconds; with 1.6 M weights, unless narrowed, INT8 shrinks it as a large one."""
    import torch
    import transformers

    folder.mkdir(parents=True)
    torch.manual_seed(0)
    config = transformers.DistilBertConfig(
        vocab_size=write_tokenizer(folder, WORDS),
        dim=width,
        hidden_dim=4 * width,
        n_layers=2,
        n_heads=4,
        max_position_embeddings=256,
        id2label={i: label.upper() for i, label in enumerate(labels)},
        label2id={label.upper(): i for i, label in enumerate(labels)},
    )
    model = transformers.DistilBertForSequenceClassification(config)
    _train(model, folder, steps, make, labels)
    model.save_pretrained(folder)
    return folder


def write_bert(folder: Path, steps: int = 60) -> Path:
    """A BERT of 1.7 M weights without a head, whose body has seen the toy rows as a pretrained one has seen text.

    A new head starts near zero: the few steps that toy rows give, at a real recipe's rate, are to decide every answer.
    """
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
    config.initializer_range = 0.002
    _save_for_masked_words(model.bert, transformers.BertForPreTraining(config), folder)
    return folder


def _save_for_masked_words(body: Any, model: Any, folder: Path) -> None:
    """As the hub has pretrained encoders: with the head of their pretraining and none of ours."""
    getattr(model, model.base_model_prefix).load_state_dict(body.state_dict(), strict=False)
    model.save_pretrained(folder)


def _train(model: Any, folder: Path, steps: int, make: Rows = rows, labels: Sequence[str] = SENTIMENT) -> None:
    import torch

    from zoosmith.tasks._classification.tokens import load_tokenizer

    torch.set_num_threads(1)  # small products; other threads would wait for each other
    tokenizer = load_tokenizer(folder, 32)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for step in range(steps):
        batch = make(32, step)
        encoded = tokenizer.encode_batch([row["text"] for row in batch])
        targets = torch.tensor([labels.index(row["label"]) for row in batch])
        ids, mask = (torch.tensor([getattr(e, name) for e in encoded]) for name in ("ids", "attention_mask"))
        model(input_ids=ids, attention_mask=mask, labels=targets).loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def write_rows(
    folder: Path, splits: dict[str, int], make: Rows = rows, labels: Sequence[str] = SENTIMENT, text: str = "text"
) -> None:
    """A Parquet file a split, with class names and the text in the column `text`."""
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features({text: Value("string"), "label": ClassLabel(names=list(labels))})
    (folder / "data").mkdir(parents=True)
    for seed, (name, count) in enumerate(splits.items(), 1):
        made = make(count, seed)
        columns = {text: [row["text"] for row in made], "label": [labels.index(row["label"]) for row in made]}
        Dataset.from_dict(columns, features=features).to_parquet(folder / "data" / f"{name}-00000-of-00001.parquet")


def write_hub(root: Path) -> Path:
    """Everything that `distilbert-sst2` asks a hub for."""
    import transformers

    finetuned, pretrained = root / "models" / FINETUNED, root / "models" / PRETRAINED
    write_distilbert(finetuned)
    shutil.copytree(finetuned, pretrained)
    body = transformers.DistilBertModel.from_pretrained(finetuned)
    _save_for_masked_words(body, transformers.DistilBertForMaskedLM(body.config), pretrained)
    write_rows(root / "datasets" / SST2, {"train": 2400, "validation": 200}, text="sentence")
    return root


def write_bert_hub(root: Path) -> Path:
    """Everything that `bert-base-sst2` asks a hub for."""
    write_bert(root / "models" / BERT)
    write_rows(root / "datasets" / SST2, {"train": 2400, "validation": 200}, text="sentence")
    return root


def write_imdb(root: Path) -> Path:
    """Everything that `distilbert-imdb` asks a hub for; narrow, as each training goes through 8,000 rows."""
    write_distilbert(root / "models" / PRETRAINED, width=64)
    write_rows(root / "datasets" / IMDB, {"train": 4600, "test": 1200}, by_label, ("negative", "positive"))
    return root


def write_ag_news(root: Path) -> Path:
    """Everything that `distilbert-agnews` asks a hub for."""
    write_distilbert(root / "models" / PRETRAINED, topics, TOPICS)
    write_rows(root / "datasets" / AG_NEWS, {"train": 2800, "test": 200}, topics, TOPICS)
    return root
