"""Model cards: what the hub reads, what people read, and that neither depends on anything but the records."""

from __future__ import annotations

import re
from typing import Any

import jinja2
import pytest
from huggingface_hub import ModelCard

from tests.support import records
from tests.support.cards import REFERENCE, SUBJECT, card, given, labelled, measured, tables
from tests.support.recipes import FULL
from zoosmith.contract import ZooError
from zoosmith.core.card import markdown_table, plots, render, replace_section, results_table
from zoosmith.core.family import Subject
from zoosmith.core.links import relative
from zoosmith.core.recipe import Gate
from zoosmith.core.recipe_yaml import parse
from zoosmith.core.records import Measurement

UNDECIDED = "whether it loses more than 1 point is not decidable with 400 examples, needs about 870"


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
    family = tables(card())[0]
    assert [row[0] for row in family[2:]] == ["[toy-fp32](toy-fp32.md)", "**toy-onnx-int8**"]
    assert family[2][1:5] == ["0.8900 (0.8700 to 0.9100)", "reference", "-", "100.0 MB"]
    assert family[3][1:] == [
        "0.8900 (0.8700 to 0.9100)", "-0.0040 (-0.0140 to +0.0060)", UNDECIDED, "25.0 MB", "2.00", "3.00",
        "3.00x (2.75 to 3.25)", "110",
    ]  # fmt: skip


def test_each_metric_with_its_change_its_p_and_its_verdict() -> None:
    versus = records.versus(0.02, half=0.005)
    versus["delta"]["toy.accuracy"] |= {"p": 0.00213}
    [metrics] = [table for table in tables(card(measured(vs_reference=versus))) if table[0][0] == "metric"]
    assert metrics[0] == ["metric", "value", "95 % interval", "change against toy-fp32", "p (McNemar)", "verdict"]
    change = "-0.0200 (-0.0250 to -0.0150)"
    assert metrics[2] == ["accuracy", "0.9000", "0.8800 to 0.9200", change, "0.00213", "loss of 1.5 to 2.5 points"]
    assert metrics[3][3:] == [change, "-", "loss of 1.5 to 2.5 points"]
    [own] = [table for table in tables(card(REFERENCE)) if table[0][0] == "metric"]
    assert own[0] == ["metric", "value", "95 % interval"]


def test_the_line_under_the_table_has_what_the_table_has_no_room_for() -> None:
    memory = {"load": 90, "peak": 110, "growth": 7}
    line = "\nOf this artifact: p99 4.00 ms; 90 MiB after opening it, +7 MiB while it answered"
    assert f"{line}.\n\n" in card(measured(memory_mb=memory, size_own=25_000_000, size_total=25_000_000))
    apart = card(measured(memory_mb=memory, size_own=1_000_000, size_total=25_000_000))
    assert f"{line}; its own files take 1.0 MB of the 25.0 MB, the rest is what it needs.\n\n" in apart


def test_memory_of_a_gpu_has_a_column_and_a_line() -> None:
    reference = Subject(REFERENCE.build, records.reference(vram_mb={"load": 400, "peak": 460, "growth": 60}))
    subject = measured(device="cuda", vram_mb={"load": 100, "peak": 310, "growth": 20})
    text = card(subject, siblings=[reference, subject])
    assert "takes 100 MiB after opening, 20 MiB more while it answers one text, 310 MiB at most;" in text
    family = tables(text)[0]
    assert [row[-1] for row in family] == ["GPU memory MiB", "---", "460", "310"]
    assert {len(row) for row in family} == {10}
    assert "GPU" not in card()


def test_a_sibling_from_before_an_eval_was_added_is_left_out() -> None:
    old = Subject(records.build("toy-old"), records.measurement("toy-old", quality={"old": records.quality()}))
    text = card(siblings=[REFERENCE, old, SUBJECT], others=[old.measured])
    assert "toy-old" not in text
    assert "toy-fp32" in text


def test_other_hosts() -> None:
    other = records.measurement(host=records.host("xeon-8c"), suite="full")
    assert "On other hosts" not in card()
    [row] = [row for table in tables(card(others=[other])) for row in table if row[0] == "`xeon-8c`"]
    assert row == ["`xeon-8c`", "full", "0.8900 (0.8700 to 0.9100)", "2.00", "3.00x (2.75 to 3.25)"]
    shaken = {"aa": records.bounded(1.1, 0.2, 12), "attempts": 3, "steady": False, "busy": 0.4}
    unsteady = records.measurement(host=records.host("xeon-8c"), steadiness=shaken)
    [row] = [row for table in tables(card(others=[unsteady])) for row in table if row[0] == "`xeon-8c`"]
    assert row[-1] == "3.00x (2.75 to 3.25), unsteady"


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
    assert ["toy/encoder", f"org/encoder@{'c' * 40}", f"`{records.sha('encoder')}`"] in tables(text)[-2]
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


def test_a_template_that_asks_for_what_is_not_there_fails() -> None:
    with pytest.raises(jinja2.UndefinedError, match="colour"):
        render("{{ colour }}", given())


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


FULL_SUITE: dict[str, Any] = {
    "suite": "full",
    "profile": records.profile(),
    "steadiness": {"aa": records.bounded(1.01, 0.02, 12), "attempts": 1, "steady": True, "busy": 0.02},
    "warnings": ("INT8 saturates on this processor.",),
}


def full(subject: Subject = SUBJECT, **changed: object) -> str:
    """The card of suite `full`, for the artifact and its reference."""
    both = [
        Subject(each.build, each.measured.model_copy(update=dict(Measurement.model_validate(
            each.measured.model_dump(by_alias=True) | FULL_SUITE | changed)))) for each in (REFERENCE, subject)
    ]  # fmt: skip
    return card(both[1], siblings=both)


def test_the_first_lines_say_what_it_is_worth() -> None:
    text = card()
    assert f"**3.00 times the speed of toy-fp32, 25 % of its size; quality: {UNDECIDED}**" in text
    assert "(toy.macro_f1 0.8900, 95 % interval 0.8700 to 0.9100, 400 examples)." in text
    assert "**The reference of its family** (toy.macro_f1 0.8900" in card(REFERENCE)


def test_one_margin_in_headline_table_advice_and_limits_whatever_the_gates_bear() -> None:
    recipe = given().recipe
    gated = recipe.artifacts["fp32"].model_copy(update={"gates": {"toy.macro_f1": Gate(max_drop=0.02)}})
    recipe = recipe.model_copy(update={"artifacts": recipe.artifacts | {"onnx-int8": gated}})
    assert card(recipe=recipe) == card()
    assert card().count(UNDECIDED) == 5, "headline, table, advice, and each of two metrics"
    assert f"- {UNDECIDED.capitalize()} (toy.macro_f1 against toy-fp32)." in card()


def test_every_plot_is_linked_with_its_words_and_followed_by_its_numbers() -> None:
    text = full()
    assert relative(text) == [
        "plots/toy-onnx-int8/pareto.svg", "toy-fp32.md", "plots/toy-onnx-int8/confusion-toy.svg",
        "plots/toy-onnx-int8/length.svg", "plots/toy-onnx-int8/batch.svg",
    ]  # fmt: skip
    for name, figure in plots(given()).items():
        alone, after = text.split(f"![{figure.text}](plots/toy-onnx-int8/{name}.svg)")
        assert alone.endswith("\n\n")
        assert re.match(r"\n\n(<details><summary>.*</summary>\n\n)?\| ", after), name
    heads = [table[0] for table in tables(text)]
    assert ["tokens", "fp32, ms at p50", "onnx-int8, ms at p50"] in heads
    assert ["examples a call", "fp32, examples a second", "onnx-int8, examples a second"] in heads


def test_what_suite_full_adds() -> None:
    text = full()
    assert "speed was 1.010 (0.990 to 1.030), which should be 1 (steady: within 0.97 to 1.03); others took 2 %" in text
    assert "- INT8 saturates on this processor.\n" in text
    assert ["2", "400", "6.00"] in [row for table in tables(text) for row in table]
    assert "302 ms to import, 80 ms to open the artifact and 6 ms to its first answer" in text
    assert "1,234,567 parameters, 1,234,000 of them not zero; an input of 16 tokens takes 340 million" in text
    for absent in ("## In use", "which should be 1", "saturates", "multiply-adds"):
        assert absent not in card()


def test_figures_in_use_say_where_they_differ_from_the_header() -> None:
    text = full()
    assert "in numbers (model alone, tokenizer left out; text is cut at 32 tokens)</summary>" in text
    assert "as soon as it is answered, batch 1, on all 2 cores:" in text
    assert "tokenizer left out" not in card()


def test_a_runtime_that_cannot_count_weights_leaves_them_out() -> None:
    text = full(profile=FULL_SUITE["profile"] | {"weights": None})
    assert "## In use" in text
    assert "multiply-adds" not in text


def test_an_unsteady_host_stands_beside_the_speed() -> None:
    shaken = FULL_SUITE["steadiness"] | {"steady": False}
    assert "3.00x (2.75 to 3.25), unsteady |" in full(steadiness=shaken)
    assert "**3.00 times the speed of toy-fp32 (on a host that was not steady), 25 %" in full(steadiness=shaken)
    assert "unsteady" not in full()
    assert "not steady" not in full()


def test_advice_limits_and_tolerance_have_their_places() -> None:
    text = card()
    parts = re.findall("^## (.*)$", text, re.M)
    assert parts == [
        "When to choose it", "What it is for", "What it is not for", "Measured", "Gates", "Use", "How it was built",
        "Reproduce", "Limits",
    ]  # fmt: skip
    assert "- Choose it for the lowest latency of the family (3.00 times" in text
    assert "```sh\ndoit reproduce toy-onnx-int8\n```\nIt measures the artifact again" in text
    assert "`doit check toy-onnx-int8` builds it anew and compares.\nTolerance: none." in text


def test_a_family_of_one_has_no_front_and_no_advice() -> None:
    text = card(siblings=[SUBJECT])
    assert "pareto" not in text
    assert "there is nothing to choose between" in text


@pytest.mark.parametrize("label", AWKWARD)
def test_awkward_labels_neither_break_advice_nor_limits(label: str) -> None:
    subject = labelled("plain", label)
    quality = subject.measured.quality["toy"].model_copy(update={"confusion": ((200, 0), (9, 191))})
    subject = Subject(subject.build, subject.measured.model_copy(update={"quality": {"toy": quality}}))
    [line] = [line for line in card(subject).splitlines() if "most frequent error" in line]
    assert re.sub(r"\\(.)", r"\1", line).startswith(
        f"- Its most frequent error on toy is **plain** for **{' '.join(label.split())}**: 9 of 200"
    )


@pytest.mark.parametrize(("size", "told"), [(25_000_000, "25.0 MB"), (466_247, "0.5 MB"), (1209, "1.2 kB")])
def test_small_files_are_told_in_kilobytes(size: int, told: str) -> None:
    build = records.build(files=[{"path": "model.onnx", "size": size, "sha256": records.sha("model")}])
    assert tables(card(Subject(build, SUBJECT.measured)))[-1][2][1] == told
