"""Model cards: what the hub reads, what people read, and that neither depends on anything but the records."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
from huggingface_hub import ModelCard

from tests.support import records
from tests.support.cards import AWKWARD, LINEAGE, REFERENCE, SUBJECT, card, given, labelled, measured, tables
from tests.support.recipes import FULL
from zoosmith.cards.card import render
from zoosmith.cards.kinds import words_of
from zoosmith.cards.reproduction import Step
from zoosmith.recipes.yaml import parse
from zoosmith.records.family import Subject
from zoosmith.records.schema import Measurement


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


def test_the_family_stands_in_the_table() -> None:
    first, family = tables(card())[:2]
    assert [row[0] for row in family[2:]] == ["[toy-fp32](toy-fp32.md)", "**toy-onnx-int8** (recommended)"]
    assert family[2][1:4] == ["0.8900", "reference", "100.0"]
    assert family[3][1:] == [
        "0.8900 (0.8700 to 0.9100)", "−0.4 points (−1.4 to +0.6); a loss over 1 point not excluded at n = 400", "25.0",
        "2.00", "3.00x (2.75 to 3.25)", "110",
    ]  # fmt: skip
    assert first == [*family[:2], family[3], family[2]], "the artifact itself, then what it is measured against"


def family_of(count: int) -> list[Subject]:
    """Siblings that are ever faster and ever worse, but for the last, which is slow and bad."""

    def sibling(i: int) -> Subject:
        latency = {"p50": 5 - i / 4, "p95": 9.0, "p99": 9.0, "n": 100}
        figures = {"latency_ms": latency, "speedup": records.bounded(6 / (5 - i / 4), 0.1, 12)}
        quality = {"toy": records.quality(0.9 - i / 500)}
        name = f"toy-s{i}"
        return Subject(records.build(name), records.measurement(name, quality=quality, **figures))

    slow = records.measurement("toy-slow", quality={"toy": records.quality(0.7)}, latency_ms={
        "p50": 99.0, "p95": 99.0, "p99": 99.0, "n": 100}, speedup=records.bounded(0.1, 0.01, 12))  # fmt: skip
    return [*(sibling(i) for i in range(count)), Subject(records.build("toy-slow"), slow)]


def test_of_a_large_family_the_table_keeps_what_nothing_beats_and_names_the_others() -> None:
    siblings = [REFERENCE, *family_of(8)]
    text = card(siblings[1], siblings=siblings)
    names = [re.sub(r"[*\[\]]|\(.*", "", row[0]).strip() for row in tables(text)[1][2:]]
    assert "toy-slow" not in names and {"toy-fp32", "toy-s0", "toy-s7"} <= set(names)
    [beaten] = [line for line in text.splitlines() if line.startswith("No faster than one of these and no better: ")]
    assert beaten.endswith(", [toy-slow](toy-slow.md).")
    assert all(f"[{s.build.name}]({s.build.name}.md)" in text for s in siblings if s is not siblings[1])
    small = [REFERENCE, *family_of(3)]
    assert "No faster than" not in card(small[1], siblings=small)
    assert "[toy-slow](toy-slow.md)" in card(small[1], siblings=small)


def test_who_is_recommended_among_whom_is_said_on_every_card_alike() -> None:
    siblings = [REFERENCE, *family_of(4)]
    for subject in siblings:
        text = card(subject, siblings=siblings)
        assert "of the 6 measured on `epyc-2c`" in text
        named = "**toy-s3** (recommended)" if subject.build.name == "toy-s3" else "[toy-s3](toy-s3.md) (recommended)"
        assert named in text and text.count("(recommended)") == 2, "in both tables"
        assert ("**This is the recommended one" in text) == (subject.build.name == "toy-s3")


def test_each_metric_with_its_change_its_p_and_its_verdict() -> None:
    versus = records.versus(0.02, half=0.005)
    versus["toy"]["delta"]["accuracy"] |= {"p": 0.00213}
    [metrics] = [table for table in tables(card(measured(versus=versus))) if table[0][0] == "metric"]
    assert metrics[0] == ["metric", "value (95 % interval)", "against toy-fp32"]
    change = "−2.0 points (−2.5 to −1.5); a loss"
    assert metrics[2] == ["macro_f1", "0.8900 (0.8700 to 0.9100)", change]
    assert metrics[3] == ["accuracy", "0.9000 (0.8800 to 0.9200)", f"{change} (McNemar's p 0.00213)"]
    [own] = [table for table in tables(card(REFERENCE)) if table[0][0] == "metric"]
    assert own[0] == ["metric", "value (95 % interval)"]


def test_a_metric_that_says_the_same_has_a_sentence_and_one_that_differs_a_row() -> None:
    quality = records.quality()
    quality["metrics"]["macro_f1"] = records.bounded(0.898, 0.02)
    versus = records.versus(0.02, half=0.005)
    versus["toy"]["delta"]["accuracy"] |= {"p": 0.00213}

    def shown() -> tuple[list[str], str]:
        text = card(measured(quality={"toy": quality}, versus=versus))
        [metrics] = [table for table in tables(text) if table[0][0] == "metric"]
        return [row[0] for row in metrics[2:]], text

    rows, text = shown()
    assert rows == ["macro_f1"]
    assert "\nThe same holds of accuracy (0.9000, McNemar's p 0.00213).\n" in text
    versus["toy"]["delta"]["accuracy"] |= {"value": 0.0, "low": -0.001, "high": 0.001}
    assert shown()[0] == ["macro_f1", "accuracy"], "its verdict is another"
    versus["toy"]["delta"]["accuracy"] |= {"value": -0.02, "low": -0.025, "high": -0.015}
    quality["metrics"]["accuracy"] = records.bounded(0.91, 0.02)
    assert shown()[0] == ["macro_f1", "accuracy"], "its value is another"


def test_the_line_under_the_table_has_what_the_table_has_no_room_for() -> None:
    memory = {"load": 90, "peak": 110, "growth": 7}
    line = "\np95 3.00 ms, p99 4.00 ms; 90 MiB after opening, +7 MiB while it answered"
    assert f"{line}.\n\n" in card(measured(memory_mb=memory, size_own=25_000_000, size_total=25_000_000))
    apart = card(measured(memory_mb=memory, size_own=1_000_000, size_total=25_000_000))
    assert f"{line}; its own files take 1.0 MB of the 25.0 MB, the rest is what it needs.\n\n" in apart


def test_memory_of_a_gpu_has_a_column_and_a_line() -> None:
    reference = Subject(REFERENCE.build, records.reference(vram_mb={"load": 400, "peak": 460, "growth": 60}))
    subject = measured(device="cuda", vram_mb={"load": 100, "peak": 310, "growth": 20})
    text = card(subject, siblings=[reference, subject])
    assert "GPU: 100 MiB after opening, 20 MiB more while it answers, 310 MiB at most;" in text
    family = tables(text)[1]
    assert [row[-1] for row in family] == ["GPU MiB", "---", "460", "310"]
    assert {len(row) for row in family} == {8}
    assert "GPU" not in card()


def test_a_sibling_from_before_an_eval_was_added_is_left_out() -> None:
    old = Subject(records.build("toy-old"), records.measurement("toy-old", quality={"old": records.quality()}))
    text = card(siblings=[REFERENCE, old, SUBJECT], others=[old.measured])
    assert "toy-old" not in text
    assert "toy-fp32" in text


def test_other_hosts() -> None:
    other = records.measurement(host=records.host("xeon-8c"), suite="full")
    assert "## On other hosts" not in card()
    [row] = [row for table in tables(card(others=[other])) for row in table if row[0] == "`xeon-8c`"]
    assert row == [
        "`xeon-8c`",
        "full",
        f"`{other.reference_digest[:12]}`",
        "0.8900 (0.8700 to 0.9100)",
        "2.00",
        "3.00x (2.75 to 3.25)",
    ]
    shaken = {"aa": records.bounded(1.1, 0.2, 12), "attempts": 3, "steady": False, "busy": 0.4}
    unsteady = records.measurement(host=records.host("xeon-8c"), steadiness=shaken)
    [row] = [row for table in tables(card(others=[unsteady])) for row in table if row[0] == "`xeon-8c`"]
    assert row[-1] == "3.00x (2.75 to 3.25), host not steady"


def test_milliseconds_stand_beside_their_host() -> None:
    text = card()
    assert "`epyc-2c`, 1 thread, batch 1, tokenizer included; n = 400 examples; brackets are 95 % intervals." in text
    assert " on AMD EPYC, 2 cores, 24 GiB" in text


def test_the_reference_says_so() -> None:
    text = card(REFERENCE)
    assert "**the reference of its family**" in text and "reference of its family" not in card()
    assert "right answers lost" not in text
    assert "It gives the reference's answer on 98.0% of the examples: 6 right answers lost" in card()


def test_gates() -> None:
    rows = {row[0]: row[1:] for table in tables(card()) for row in table}
    assert rows["size"] == ["max_ratio 0.3", "0.2500", "passed"]
    assert rows["speed"] == ["min 9", "-", "not applied (for x-*; this host is epyc-2c)"]
    assert "## Gates" not in card(checks=[])


def test_a_single_text_and_a_pair() -> None:
    assert "one text of up to 32 tokens" in card()
    assert re.search(r'model\.predict\(\["[^"]+"\]\)', card())
    pair = Subject(records.build(inputs=("first", "second"), task="text-pair-classification"), SUBJECT.measured)
    assert "two texts of up to 32 tokens" in card(pair)
    words = words_of(SimpleNamespace(EXAMPLE='("one", "two")'), pair.build)
    assert 'model.predict([("one", "two")])' in card(pair, words=words)


@pytest.mark.parametrize("inputs", [("text",), ("first", "second")])
def test_the_usage_snippet_is_python(inputs: tuple[str, ...]) -> None:
    [code] = re.findall(r"```python\n(.*?)```", card(Subject(records.build(inputs=inputs), SUBJECT.measured)), re.S)
    compile(code, "card", "exec")
    assert 'load("toy-onnx-int8")' in code, "the folder that pull made, or the name within the zoo"


def test_three_lines_to_use_it_come_first() -> None:
    text = card()
    [lines] = re.findall(r"```sh\n(.*?)```", text.partition("## ")[0], re.S)
    assert [line.partition("  #")[0] for line in lines.splitlines()] == [
        "pip install '.[onnx]'", "zoosmith pull toy-onnx-int8", 'zoosmith run toy-onnx-int8 "Some text."',
    ]  # fmt: skip
    assert "# in a checkout of zoosmith" in lines
    source = "git+https://example.org/zoosmith.git"
    assert f"pip install 'zoosmith[onnx] @ {source}'" in card(install=source)
    assert "0.0.0.0" not in text


@pytest.mark.parametrize(
    ("example", "literal", "command"),
    [
        ('My "card" is lost', '"My \\"card\\" is lost"', """'My "card" is lost'"""),
        (["Łódź", "Lodz"], '("Łódź", "Lodz")', '"Łódź" "Lodz"'),
    ],
)
def test_the_recipe_may_say_what_it_is_asked(example: Any, literal: str, command: str) -> None:
    text = card(recipe=parse(FULL.replace("A film that stays with you.", json.dumps(example)), "full.yaml"))
    assert f"model.predict([{literal}])" in text and f"zoosmith run toy-onnx-int8 {command}" in text
    assert "Some text." not in text


def test_how_it_was_built() -> None:
    text = card()
    assert "doit build:toy-onnx-int8" in text
    assert "Builder `onnx_int8`, seed 42.\n" in text and "\nWith per_channel = True; " in text
    assert "onnx 1.23.2, onnxruntime 1.31.1." in text
    assert ["toy/encoder", f"org/encoder@{'c' * 40}", f"`{records.sha('encoder')}`"] in tables(text)[-2]
    assert "Licence apache-2.0." in text
    assert ["model.onnx", "25.0 MB", f"`{records.sha('model')[:12]}`"] in tables(text)[-1]
    assert "With no parameters;" in card(Subject(records.build(params={}), SUBJECT.measured))


def test_a_step_whose_tree_nobody_recorded_is_counted_and_never_called_unknown() -> None:
    lineage = [LINEAGE[0], Step("toy-student", "builder finetune", ""), LINEAGE[1]]
    text = card(lineage=lineage)
    assert "toy-student" not in text.partition("the steps from its base")[2] and "unknown" not in text
    assert "further trees are not in it (1)." in text
    assert "not in it" not in card()


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


def test_a_class_that_nothing_was_trained_on_is_told() -> None:
    splits = {"train": {"rows": 1000, "classes_without_rows": ["maybe", "no"]}, "eval": {"rows": 400}}
    text = card(Subject(records.build(data={"splits": splits}), SUBJECT.measured))
    assert "- No row of the training data is of the class **maybe**, **no**." in text
    assert "No row of the training data" not in card()


def test_shares_of_cut_rows_are_told() -> None:
    """Of what was measured and of what was learnt from; `eval` as it was when it was built counts no more."""
    quality = records.quality()
    quality["details"]["cut"] = 40
    measured = records.measurement(quality={"toy": quality})
    noted = {"notes": {"cut": {"train": [20, 1000], "dev": [0, 10], "eval": [9, 9]}}}
    text = card(Subject(records.build(provenance=noted), measured))
    assert "- Longer than 32 tokens, and cut there: 10.0 % of the examples of toy, 2.0 % of `train`." in text
    assert "**That is much" in text
    few = card(Subject(records.build(provenance={"notes": {"cut": {"train": [20, 1000]}}}), SUBJECT.measured))
    assert "cut there: 2.0 % of `train`.\n" in few
    assert "cut there" not in card()


def test_what_a_builder_remarks_and_what_zeros_save_are_told() -> None:
    facts = {"nonzero_parameters": 47_000_123, "stored_bytes": 25_000_000, "compressed_bytes": 9_400_000}
    sparse = records.build(facts=facts | {"remarks": ["It is no faster."]}, precision="fp32")
    text = card(Subject(sparse, SUBJECT.measured))
    assert "- 47,000,123 of its parameters are not zero; its weights take 25.0 MB, compressed (zlib) 9.4 MB." in text
    assert "\n- It is no faster.\n" in text
    assert "are not zero" not in card()


def test_a_training_tells_what_it_took_and_came_to() -> None:
    took = {"minutes": 12.04, "peak_memory_mb": 1832, "dev_accuracy": [0.89, 0.896, 0.891], "best_epoch": 2}
    facts = {"trainable_parameters": 5_000, "parameters": 1_000_000, "train_examples": 20_000}
    build = records.build(facts=facts, provenance={"notes": {"training": took}})
    assert (
        "\nIt was trained: 5,000 of 1,000,000 parameters (0.50%), on 20,000 examples, in 12.0 minutes with 1,832 MiB "
        "at the peak, to an accuracy of 0.8960 on `dev` after epoch 2 of 3.\n"
    ) in card(Subject(build, SUBJECT.measured))
    recovered = {"notes": {"training": took | {"dev_accuracy": []}}}
    build = records.build(facts={"recovery_examples": 900}, provenance=recovered)
    text = card(Subject(build, SUBJECT.measured))
    assert "It was trained: on 900 examples, in 12.0 minutes with 1,832 MiB at the peak.\n" in text
    assert "It was trained" not in card()


def test_the_recipes_own_words() -> None:
    text = card(recipe=parse(FULL, "full.yaml"))
    assert "Film reviews in English." in text
    assert "Not for other languages." in text
    assert "Film reviews" not in card()


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


def test_a_template_that_asks_for_what_is_not_there_fails() -> None:
    with pytest.raises(jinja2.UndefinedError, match="colour"):
        render("{{ colour }}", given())


def test_order_of_keys_in_a_record_does_not_matter() -> None:
    first = records.build(params={"b": 1, "a": 2}, packages={"onnx": "1", "anyio": "2"})
    second = records.build(params={"a": 2, "b": 1}, packages={"anyio": "2", "onnx": "1"})
    assert card(Subject(first, SUBJECT.measured)) == card(Subject(second, SUBJECT.measured))
