"""Model cards: what the hub reads, what people read, and that neither depends on anything but the records."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard, ModelCardData
from huggingface_hub.repocard_data import model_index_to_eval_results

from tests.support import records
from tests.support.recipes import FULL
from tests.support.zoo import RECIPE, ROOT
from zoosmith.contract import ZooError
from zoosmith.core.card import (
    CardInput,
    Subject,
    front_matter,
    headline,
    markdown_table,
    render,
    replace_section,
    results_table,
)
from zoosmith.core.gates import evaluate
from zoosmith.core.recipe import Gate, Recipe
from zoosmith.core.recipe_yaml import parse
from zoosmith.core.records import Measurement

TEMPLATE = (ROOT / "model_cards" / "template.md.j2").read_text(encoding="utf-8")
REFERENCE = Subject(records.build("toy-fp32", builder="finetune", format="torch"), records.reference())
SUBJECT = Subject(records.build(), records.measurement())
LINEAGE = [("toy/encoder", "org/encoder@cccccccccccc", records.sha("encoder")), ("toy-onnx-int8", "builder", "d" * 64)]


def given(subject: Subject = SUBJECT, **changed: Any) -> CardInput:
    made = CardInput(
        recipe=Recipe.model_validate(RECIPE),
        subject=subject,
        siblings=[REFERENCE, subject],
        others=[],
        checks=evaluate({"size": Gate(max_ratio=0.3), "speed": Gate(min=9, hosts=("x-*",))}, subject.measured),
        lineage=LINEAGE,
        relation="quantized",
        library="onnx",
        pipeline_tag="text-classification",
        extra="onnx",
    )
    return replace(made, **changed)


def card(subject: Subject = SUBJECT, **changed: Any) -> str:
    return render(TEMPLATE, given(subject, **changed))


def measured(**changed: Any) -> Subject:
    return Subject(SUBJECT.build, records.measurement(**changed))


def labelled(*labels: str) -> Subject:
    """An artifact with other labels."""
    quality = {"toy": records.quality(labels=labels)}
    return Subject(records.build(labels=labels), records.measurement(quality=quality))


def tables(text: str) -> list[list[list[str]]]:
    """Cells of every table; a backslash keeps a bar inside its cell (GitHub Flavored Markdown, section 4.10)."""
    found: list[list[list[str]]] = [[]]
    for each in text.splitlines():
        if each.startswith("|"):
            found[-1].append([cell.strip() for cell in re.split(r"(?<!\\)\|", each)[1:-1]])
        elif found[-1]:
            found.append([])
    return [table for table in found if table]


def test_same_records_same_bytes() -> None:
    assert card() == card()
    assert card().encode() == card(SUBJECT, siblings=(REFERENCE, SUBJECT), others=()).encode()


def test_records_read_from_a_file_give_the_same_bytes() -> None:
    again = Measurement.model_validate_json(SUBJECT.measured.model_dump_json(by_alias=True))
    assert card(Subject(SUBJECT.build, again)) == card()


def test_ends_in_one_newline_and_has_no_blank_runs_in_tables() -> None:
    text = card()
    assert text.endswith("\n") and not text.endswith("\n\n")
    assert all(len({len(row) for row in table}) == 1 for table in tables(text))
    assert all(set(table[1]) == {"---"} for table in tables(text))


def test_front_matter_is_what_the_hub_reads() -> None:
    loaded = ModelCard(card()).data
    data = yaml.safe_load(front_matter(given()))
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
    assert yaml.safe_load(front_matter(given(relation=relation)))["base_model_relation"] == relation


def test_another_relation_is_refused() -> None:
    with pytest.raises(ZooError, match=r"'pruned'; the hub knows adapter, finetune, merge, quantized"):
        card(relation="pruned")


def test_no_relation_without_one_or_without_a_base_on_the_hub() -> None:
    assert "base_model_relation" not in yaml.safe_load(front_matter(given(relation=None)))
    base = {"name": "toy/encoder", "tree_digest": records.sha("encoder")}
    local = Subject(records.build(bases=[base]), SUBJECT.measured)
    data = yaml.safe_load(front_matter(given(local)))
    assert "base_model" not in data
    assert "base_model_relation" not in data
    assert ModelCard(card(local)).data.to_dict()["license"] == "apache-2.0"


def test_the_family_stands_in_the_table() -> None:
    family = tables(card())[0]
    assert [row[0] for row in family[2:]] == ["[toy-fp32](toy-fp32.md)", "**toy-onnx-int8**"]
    assert family[2][1:4] == ["0.8900 (0.8700 to 0.9100)", "reference", "100.0 MB"]
    assert family[3][1:] == [
        "0.8900 (0.8700 to 0.9100)", "-0.0040 (-0.0140 to +0.0060)", "25.0 MB", "2.00", "3.00",
        "3.00x (2.75 to 3.25)", "110",
    ]  # fmt: skip


def test_a_sibling_from_before_an_eval_was_added_is_left_out() -> None:
    old = Subject(records.build("toy-old"), records.measurement("toy-old", quality={"old": records.quality()}))
    text = card(siblings=[REFERENCE, old, SUBJECT], others=[old.measured])
    assert "toy-old" not in text
    assert "toy-fp32" in text


def test_other_hosts() -> None:
    other = records.measurement(host=records.host("xeon-8c"), suite="full")
    assert "On other hosts" not in card()
    [row] = [row for table in tables(card(others=[other])) for row in table if row[0] == "`xeon-8c`"]
    assert row == ["`xeon-8c`", "full", "0.8900", "2.00", "3.00x"]


def test_milliseconds_stand_beside_their_host() -> None:
    assert "Host `epyc-2c`: AMD EPYC, 2 cores, 24 GiB" in card()


def test_the_reference_says_so() -> None:
    text = card(REFERENCE)
    assert "It is the reference of its family" in text
    assert "right answers lost" not in text
    assert "It gives the reference's answer on 98.0% of the examples: 6 right answers lost" in card()


def test_gates() -> None:
    rows = {row[0]: row[1:] for table in tables(card()) for row in table}
    assert rows["size"] == ["max_ratio 0.3", "0.2500", "-", "passed"]
    assert rows["speed"] == ["min 9", "-", "-", "not applied (for x-*; this host is epyc-2c)"]
    assert "## Gates" not in card(checks=[])


def test_a_single_text_and_a_pair() -> None:
    assert "one text of up to 32 tokens" in card()
    assert re.search(r'model\.predict\(\["[^"]+"\]\)', card())
    pair = Subject(records.build(inputs=("first", "second"), task="text-pair-classification"), SUBJECT.measured)
    assert "two texts of up to 32 tokens" in card(pair)
    assert re.search(r'model\.predict\(\[\("[^"]+", "[^"]+"\)\]\)', card(pair))


@pytest.mark.parametrize("inputs", [("text",), ("first", "second")])
def test_the_usage_snippet_is_python(inputs: tuple[str, ...]) -> None:
    [code] = re.findall(r"```python\n(.*?)```", card(Subject(records.build(inputs=inputs), SUBJECT.measured)), re.S)
    compile(code, "card", "exec")
    assert "artifacts/toy-onnx-int8" in code


def test_how_it_was_built() -> None:
    text = card()
    assert "doit build:toy-onnx-int8" in text
    assert "Builder `onnx_int8` with per_channel = True; seed 42." in text
    assert "onnx 1.23.2, onnxruntime 1.31.1." in text
    assert ["toy/encoder", "org/encoder@cccccccccccc", f"`{records.sha('encoder')[:12]}`"] in tables(text)[-2]
    assert ["model.onnx", "25.0 MB", f"`{records.sha('model')[:12]}`"] in tables(text)[-1]
    assert "with no parameters;" in card(Subject(records.build(params={}), SUBJECT.measured))


def test_limits_are_told() -> None:
    splits = {"eval": {"rows": 400, "texts_seen_by_builders": 3}, "train": {"rows": 1000, "texts_seen_by_builders": 9}}
    build = records.build(data={"splits": splits}, target="vnni", needs={"base": "e" * 64})
    text = card(Subject(build, SUBJECT.measured))
    assert "- 3 of the texts in toy `eval` occur in the training data too." in text
    assert "9 of the texts" not in text
    assert "Made for processors with VNNI" in text
    assert f"it needs base `{'e' * 12}`." in text
    assert "Data: eval 400 rows, train 1000 rows." in text
    for missing in ("occur in the training data", "VNNI", "cannot be opened alone"):
        assert missing not in card()


def test_what_a_builder_remarks_and_what_zeros_save_are_told() -> None:
    facts = {"nonzero_parameters": 47_000_123, "stored_bytes": 25_000_000, "compressed_bytes": 9_400_000}
    sparse = records.build(facts=facts | {"remarks": ["It is no faster."]})
    text = card(Subject(sparse, SUBJECT.measured))
    assert "- 47,000,123 of its parameters are not zero; its weights take 25.0 MB, compressed (zlib) 9.4 MB." in text
    assert "\n- It is no faster.\n" in text
    assert "are not zero" not in card()


def test_the_recipes_own_words() -> None:
    text = card(recipe=parse(FULL, "full.yaml"))
    assert "Film reviews in English." in text
    assert "Not for other languages." in text
    assert "Film reviews" not in card()


AWKWARD = ["a|b", "*bold*", "_under_", "[link](x)", "`code`", "<b>", "two\nlines", "back\\slash", "~~no~~", "né | 名前"]


@pytest.mark.parametrize("label", AWKWARD)
def test_labels_with_markdown_in_them(label: str) -> None:
    text = card(labelled("plain", label))
    [confusion] = [table for table in tables(text) if table[0][0].startswith("true")]
    assert [len(row) for row in confusion] == [6] * 4
    shown = confusion[3][0].removeprefix("**").removesuffix("**")
    assert re.sub(r"\\(.)", r"\1", shown) == " ".join(label.split())
    assert confusion[0][2] == shown
    assert not re.search(r"(?<!\\)[*`<>|_\[\]~]", shown)
    assert ModelCard(text).data.to_dict()["model-index"]


@pytest.mark.parametrize("name", ["toy-v1.5", "toy-a_b_c", "toy-1e3", "toy-2026-01-02", "toy-no"])
def test_names_survive_the_front_matter(name: str) -> None:
    subject = Subject(records.build(name, license="mit"), records.measurement(name))
    told, _ = model_index_to_eval_results(ModelCard(card(subject)).data.to_dict()["model-index"])
    assert told == name


@pytest.mark.parametrize("text", ["no", "1.0", "a: b", "- x", "#none", "'q'", "---", "é"])
def test_any_text_survives_the_front_matter(text: str) -> None:
    subject = Subject(records.build(license=text, datasets=[text]), SUBJECT.measured)
    data = yaml.safe_load(front_matter(given(subject)))
    assert (data["license"], data["datasets"]) == (text, [text])


def test_a_template_that_asks_for_what_is_not_there_fails() -> None:
    import jinja2

    with pytest.raises(jinja2.UndefinedError, match="colour"):
        render("{{ colour }}", given())


def test_headline_is_macro_f1_where_there_is_one() -> None:
    assert headline(records.measurement()) == "toy.macro_f1"
    only = records.quality() | {"metrics": {"accuracy": records.bounded(0.5)}}
    assert headline(records.measurement(quality={"toy": only})) == "toy.accuracy"


def test_results_table() -> None:
    head, *rows = results_table([REFERENCE, SUBJECT])
    assert head[0] == "artifact"
    assert rows == [
        ["toy-fp32", "toy.macro_f1", "0.8900 (0.8700 to 0.9100)", "100.0 MB", "2.00", "1 (reference)"],
        ["toy-onnx-int8", "toy.macro_f1", "0.8900 (0.8700 to 0.9100)", "25.0 MB", "2.00", "3.00x (2.75 to 3.25)"],
    ]


def test_markdown_table() -> None:
    assert markdown_table([["a", "b"], ["1", "x|y"]]) == "| a | b |\n|---|---|\n| 1 | x\\|y |"
    assert tables(markdown_table([["a", "b"], ["1", "x|y"]]))[0][2] == ["1", "x\\|y"]


def test_replace_section() -> None:
    text = "head\n<!-- t -->\nold\n<!-- /t -->\ntail <!-- t2 --><!-- /t2 -->\n"
    once = replace_section(text, "t", "new")
    assert once == "head\n<!-- t -->\nnew\n<!-- /t -->\ntail <!-- t2 --><!-- /t2 -->\n"
    assert replace_section(once, "t", "new") == once
    assert replace_section(text, "t2", "x").startswith(text[: text.index("<!-- t2")])


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("", "<!-- t -->"),
        ("<!-- /t -->", "<!-- t -->"),
        ("<!-- t -->", "<!-- /t -->"),
        ("<!-- /t --> <!-- t -->", "<!-- /t -->"),
        ("<!-- t2 --><!-- /t2 -->", "<!-- t -->"),
    ],
)
def test_marks_that_are_missing_or_turned_round(text: str, missing: str) -> None:
    with pytest.raises(ZooError, match=f"^{missing} is missing; a table goes between <!-- t --> and <!-- /t -->$"):
        replace_section(text, "t", "new")


def test_order_of_keys_in_a_record_does_not_matter() -> None:
    first = records.build(params={"b": 1, "a": 2}, packages={"onnx": "1", "anyio": "2"})
    second = records.build(params={"a": 2, "b": 1}, packages={"anyio": "2", "onnx": "1"})
    assert card(Subject(first, SUBJECT.measured)) == card(Subject(second, SUBJECT.measured))
