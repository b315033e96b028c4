"""Taking a pretrained checkpoint as it is: labels, tokenizer, completeness."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.encoders import write_encoder
from tests.support.job import TELLING, Case, Made, build, probe_logits, source, spec
from tests.support.zoo import write_bert, write_tokenizer
from zoosmith.contract.errors import BuildError

SINGLE = "single_label_classification"
CASE = Case(parents={"from": "headed"})


def take(tmp_path: Path, *labels: str, task_labels: tuple[str, ...] = ("negative", "positive")) -> Made:
    parent = source(write_bert(tmp_path / "base", labels=labels))
    return build("checkpoint", {"from": parent}, tmp_path, task=spec(labels=task_labels))


def change(base: Path, config: Mapping[str, object]) -> Path:
    """The same checkpoint, with other values in config.json."""
    file = base / "config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | config))
    return base


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        (("NEGATIVE", "POSITIVE"), ("negative", "positive")),
        (("POSITIVE", "NEGATIVE"), ("positive", "negative")),
        (("LABEL_0", "LABEL_1"), ("negative", "positive")),
    ],
)
def test_labels_get_the_tasks_names_in_the_models_order(
    tmp_path: Path, theirs: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    made = take(tmp_path, *theirs)
    assert made.manifest.task is not None
    assert made.manifest.task.labels == expected
    config = json.loads((made.out / "config.json").read_text())
    assert config["id2label"] == {"0": expected[0], "1": expected[1]}
    assert config["label2id"] == {expected[0]: 0, expected[1]: 1}


def test_outputs_without_names_need_labels_in_their_order(tmp_path: Path) -> None:
    """Labels that rows hold stand in alphabetical order, which the outputs of a checkpoint need not."""
    parent = source(write_bert(tmp_path / "base", labels=("LABEL_0", "LABEL_1", "LABEL_2")))
    asked = spec(labels=("high", "low", "mid"))
    with pytest.raises(
        BuildError, match=r"calls its classes LABEL_0, LABEL_1, LABEL_2, .* of high, low, mid: name them"
    ):
        build("checkpoint", {"from": parent}, tmp_path / "guessed", task=asked, labels_ordered=False)
    made = build("checkpoint", {"from": parent}, tmp_path / "told", task=asked)
    assert made.manifest.task is not None
    assert made.manifest.task.labels == ("high", "low", "mid")


def test_names_of_outputs_are_order_enough(tmp_path: Path) -> None:
    parent = source(write_bert(tmp_path / "base", labels=("LOW", "MID", "HIGH")))
    task = spec(labels=("high", "low", "mid"))
    made = build("checkpoint", {"from": parent}, tmp_path, task=task, labels_ordered=False)
    assert made.manifest.task is not None
    assert made.manifest.task.labels == ("low", "mid", "high")


def test_without_labels_in_the_task_the_checkpoints_own_apply(tmp_path: Path) -> None:
    made = take(tmp_path, "spam", "ham", task_labels=())
    assert made.manifest.task is not None
    assert made.manifest.task.labels == ("spam", "ham")


def test_labels_of_another_task_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"answers \['entails', 'other'\], the task wants \['negative', 'positive'\]"):
        take(tmp_path, "entails", "other")


def test_logits_are_those_of_transformers(tmp_path: Path) -> None:
    import torch
    import transformers

    made = take(tmp_path, "negative", "positive")
    model = transformers.AutoModelForSequenceClassification.from_pretrained(tmp_path / "base").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "base")
    with torch.inference_mode():
        expected = [model(**tokenizer(text, return_tensors="pt")).logits[0].numpy() for text in TELLING]
    np.testing.assert_allclose(probe_logits(made, TELLING), expected, atol=1e-6)


def test_half_precision_weights_become_fp32(tmp_path: Path) -> None:
    import torch
    import transformers
    from safetensors.torch import load_file

    base = write_bert(tmp_path / "base", labels=("negative", "positive"))
    transformers.AutoModelForSequenceClassification.from_pretrained(base).half().save_pretrained(base)
    assert {t.dtype for t in load_file(base / "model.safetensors").values()} == {torch.float16}
    made = build("checkpoint", {"from": source(base)}, tmp_path)
    assert {t.dtype for t in load_file(made.out / "model.safetensors").values()} == {torch.float32}
    assert made.facts["parameters"] == sum(t.numel() for t in load_file(made.out / "model.safetensors").values())


def test_a_checkpoint_without_the_head_is_refused_and_finetune_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"no trained head for text-classification: classifier\.bias.*`finetune`"):
        take(tmp_path)


def test_a_tokenizer_that_gives_ids_beyond_the_embedding_is_refused(tmp_path: Path) -> None:
    base = write_bert(tmp_path / "base", labels=("negative", "positive"))
    write_tokenizer(base, tuple(f"word{i}" for i in range(50)))
    with pytest.raises(BuildError, match=r"the tokenizer knows 57 tokens, the model embeds 27: it belongs to another"):
        build("checkpoint", {"from": source(base)}, tmp_path)


def test_a_missing_tokenizer_is_told(tmp_path: Path) -> None:
    base = write_bert(tmp_path / "base", labels=("negative", "positive"))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (base / name).unlink()
    with pytest.raises(BuildError, match=r"no tokenizer beside the weights: neither tokenizer\.json nor vocab\.txt"):
        build("checkpoint", {"from": source(base)}, tmp_path)


def test_a_slow_tokenizer_gets_its_fast_form(tmp_path: Path) -> None:
    import transformers

    base = write_bert(tmp_path / "base", labels=("negative", "positive"))
    words = json.loads((base / "tokenizer.json").read_text())["model"]["vocab"]
    (base / "tokenizer.json").unlink()
    (base / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer"}))
    (base / "vocab.txt").write_text("\n".join(sorted(words, key=words.get)[:-1]) + "\n[MASK]\n")
    made = build("checkpoint", {"from": source(base)}, tmp_path)
    slow = transformers.AutoTokenizer.from_pretrained(base)
    task = made.job.task
    for text in TELLING:
        assert task.encode([task.unlabelled(text)])["input_ids"][0].tolist() == slow(text)["input_ids"]  # type: ignore[attr-defined]


def test_a_damaged_tokenizer_is_told(tmp_path: Path) -> None:
    base = write_bert(tmp_path / "base", labels=("negative", "positive"))
    (base / "tokenizer.json").write_text('{"version"')
    with pytest.raises(BuildError, match=r"tokenizer\.json cannot be read"):
        build("checkpoint", {"from": source(base)}, tmp_path)


def test_damaged_weights_are_told(tmp_path: Path) -> None:
    base = write_bert(tmp_path / "base", labels=("negative", "positive"))
    weights = base / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(BuildError, match=r"cannot load the checkpoint of its parent: .*incomplete"):
        build("checkpoint", {"from": source(base)}, tmp_path)


def test_pickled_weights_are_refused_and_the_base_is_named_instead_of_a_folder(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    base = write_bert(tmp_path / "base", labels=("negative", "positive"))
    torch.save(load_file(base / "model.safetensors"), base / "pytorch_model.bin")
    (base / "model.safetensors").unlink()
    parent = replace(source(base), name="toy/encoder")
    with pytest.raises(BuildError, match=r"cannot load the checkpoint toy/encoder: .*model\.safetensors") as told:
        build("checkpoint", {"from": parent}, tmp_path)
    assert str(tmp_path) not in str(told.value)


def test_missing_weights_of_the_body_are_told(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    base = write_bert(tmp_path / "base", labels=("negative", "positive"))
    kept = {k: v for k, v in load_file(base / "model.safetensors").items() if "layer.1.output" not in k}
    save_file(kept, base / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BuildError, match=r"lacks weights of the body: bert\.encoder\.layer\.1\.output"):
        build("checkpoint", {"from": source(base)}, tmp_path)


@pytest.mark.parametrize("builder", ["checkpoint", "finetune"])
@pytest.mark.parametrize(
    ("config", "told"),
    [
        (
            {"num_hidden_layers": 1},
            r"no place for: model\.safetensors: bert\.encoder\.layer\.1\..*more; correct config",
        ),
        ({"intermediate_size": 48}, r"layer\.0\.intermediate\.dense\.bias is \(64,\), by config\.json .* \(48,\)"),
        ({"num_hidden_layers": 3}, r"lacks weights of the body: bert\.encoder\.layer\.2\.\S+ \(32,\)"),
    ],
)
def test_a_config_of_another_body_is_told_with_tensor_and_sizes(
    tmp_path: Path, builder: str, config: dict[str, int], told: str
) -> None:
    base = change(write_bert(tmp_path / "base", labels=("negative", "positive")), config)
    with pytest.raises(BuildError, match=told):
        build(builder, {"from": replace(source(base), name="toy/base")}, tmp_path)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"id2label": {"0": "a", "1": "b", "2": "c"}}, r"classifier\.bias is \(2,\), by config\.json .* \(3,\)"),
        ({"id2label": {"0": "a", "2": "b"}}, r"id2label: expected the outputs 0 to 1, each once; found 0, 2"),
        ({"id2label": {"0": "a", "1": "a"}}, r"id2label: 'a' names 2 outputs"),
        ({"id2label": ["a", "b"]}, r"id2label: expected an object"),
        ({"problem_type": "multi_label_classification"}, r"problem_type: multi_label_classification, but text-class"),
        ({"problem_type": "regression"}, r"problem_type: regression, but text-classification is single_label"),
        ({"id2label": {"0": "score"}}, r"problem_type: regression, but text-classification is single_label"),
    ],
)
def test_outputs_that_are_not_classes_of_a_name_each_are_told(
    tmp_path: Path, config: dict[str, object], told: str
) -> None:
    base = change(write_bert(tmp_path / "base", labels=("negative", "positive")), config)
    with pytest.raises(BuildError, match=told):
        build("checkpoint", {"from": replace(source(base), name="toy/base")}, tmp_path, task=spec(labels=()))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [(None, None), ("regression", SINGLE), ("multi_label_classification", SINGLE), (SINGLE, SINGLE)],
)
def test_training_writes_the_problem_that_it_trained(tmp_path: Path, theirs: str | None, ours: str | None) -> None:
    base = change(write_bert(tmp_path / "base", labels=("a", "b")), {"problem_type": theirs})
    made = build("finetune", {"from": source(base)}, tmp_path)
    assert json.loads((made.out / "config.json").read_text()).get("problem_type") == ours
    again = build("torch_half", {"from": made.parent}, tmp_path / "again")
    assert json.loads((again.out / "config.json").read_text()).get("problem_type") == ours


def test_a_layer_that_no_config_names_is_told_and_heads_of_pre_training_are_not(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    base = write_bert(tmp_path / "base", labels=("negative", "positive"))
    tensors = load_file(base / "model.safetensors")
    fine = {name: torch.ones(2) for name in ("cls.predictions.bias", "bert.embeddings.position_ids")}
    save_file(tensors | fine, base / "model.safetensors", metadata={"format": "pt"})
    build("checkpoint", {"from": source(base)}, tmp_path)
    shutil.rmtree(tmp_path / "out")
    save_file(tensors | {"crf.transitions": torch.ones(2)}, base / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BuildError, match=r"has no place for: model\.safetensors: crf\.transitions"):
        build("checkpoint", {"from": source(base)}, tmp_path)


def test_a_task_longer_than_the_models_positions_is_refused(tmp_path: Path) -> None:
    base = source(write_bert(tmp_path / "base", labels=("negative", "positive")))
    with pytest.raises(BuildError, match="max_length is 65, the model has 64 positions"):
        build("checkpoint", {"from": base}, tmp_path, task=spec(max_length=65))
    shutil.rmtree(tmp_path / "out")
    build("checkpoint", {"from": base}, tmp_path, task=spec(max_length=64))


def test_positions_that_roberta_keeps_for_padding_do_not_count(tmp_path: Path) -> None:
    """It numbers positions from behind that of the padding, here 0: of 64 it has 63 for tokens."""
    base = source(write_encoder(tmp_path / "base", "Roberta"))
    with pytest.raises(BuildError, match="max_length is 64, the model has 63 positions"):
        build("checkpoint", {"from": base}, tmp_path, task=spec(max_length=64))
