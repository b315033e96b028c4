"""The head of a card: what the hub reads out of it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard, ModelCardData
from huggingface_hub.repocard_data import model_index_to_eval_results

from tests.support import records
from tests.support.cards import SUBJECT, card, measured
from zoosmith.cards.front_matter import front_matter
from zoosmith.contract.errors import ZooError
from zoosmith.records.family import Subject


def front(subject: Subject = SUBJECT, relation: str | None = "quantized") -> Any:
    return yaml.safe_load(front_matter(subject, "onnx", "text-classification", relation))


def test_front_matter_is_what_the_hub_reads() -> None:
    loaded = ModelCard(card()).data
    data = front()
    assert loaded.to_dict()["model-index"] == data["model-index"]
    assert data["license"] == "apache-2.0"
    assert data["library_name"] == "onnx"
    assert data["pipeline_tag"] == "text-classification"
    assert data["base_model"] == ["org/encoder"]
    assert data["base_model_relation"] == "quantized"
    assert data["datasets"] == ["org/toy"]
    assert data["metrics"] == ["accuracy", "f1"]
    assert data["tags"] == ["zoosmith", "onnx", "int8"]


def test_the_hub_reads_every_measured_value() -> None:
    subject = measured(quality={"toy": records.quality(0.91234567), "hard": records.quality(0.5, data="org/hard")})
    loaded = ModelCard(card(subject, siblings=[subject])).data
    assert isinstance(loaded, ModelCardData)
    name, results = model_index_to_eval_results(loaded.to_dict()["model-index"])
    assert name == "toy-onnx-int8"
    told = {(each.dataset_name, each.dataset_type, each.metric_name): each.metric_value for each in results}
    assert told == {
        ("toy", "toy", "Accuracy"): 0.9123,
        ("toy", "toy", "Macro F1"): 0.9023,
        ("hard", "org/hard", "Accuracy"): 0.5,
        ("hard", "org/hard", "Macro F1"): 0.49,
    }
    assert {(each.task_type, each.dataset_split) for each in results} == {("text-classification", "eval")}
    assert loaded.eval_results == results


@pytest.mark.parametrize("relation", ["adapter", "finetune", "merge", "quantized"])
def test_the_hubs_four_relations(relation: str) -> None:
    assert front(relation=relation)["base_model_relation"] == relation


def test_another_relation_is_refused() -> None:
    with pytest.raises(ZooError, match=r"'pruned'; the hub knows adapter, finetune, merge, quantized"):
        card(relation="pruned")


def test_no_relation_without_one_or_without_a_base_on_the_hub() -> None:
    assert "base_model_relation" not in front(relation=None)
    base = {"name": "toy/encoder", "tree_digest": records.sha("encoder")}
    local = Subject(records.build(bases=[base]), SUBJECT.measured)
    data = front(local)
    assert "base_model" not in data
    assert "base_model_relation" not in data
    assert ModelCard(card(local)).data.to_dict()["license"] == "apache-2.0"


@pytest.mark.parametrize("name", ["toy-v1.5", "toy-a_b_c", "toy-1e3", "toy-2026-01-02", "toy-no"])
def test_names_survive_the_front_matter(name: str) -> None:
    subject = Subject(records.build(name, license="mit"), records.measurement(name))
    told, _ = model_index_to_eval_results(ModelCard(card(subject)).data.to_dict()["model-index"])
    assert told == name


@pytest.mark.parametrize("text", ["no", "1.0", "a: b", "- x", "#none", "'q'", "---", "é"])
def test_any_text_survives_the_front_matter(text: str) -> None:
    subject = Subject(records.build(license=text, datasets=[text]), SUBJECT.measured)
    data = front(subject)
    assert (data["license"], data["datasets"]) == (text, [text])
