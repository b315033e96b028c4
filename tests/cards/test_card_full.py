"""What cards say of suite full, and their headline, advice and plots."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support import records
from tests.support.cards import AWKWARD, REFERENCE, SUBJECT, UNDECIDED, card, given, labelled, tables
from zoosmith.cards.card import plots
from zoosmith.cards.figures import beside_a_table
from zoosmith.cards.links import relative
from zoosmith.recipes.schema import Gate
from zoosmith.records.family import Subject
from zoosmith.records.schema import Measurement

SHORT = "a loss over 1 point not excluded at n = 400"
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
    first = tables(text)[0]
    assert text.index("| artifact |") < text.index("## ")
    assert dict(zip(first[0], first[2], strict=True)) == {
        "artifact": "**toy-onnx-int8** (recommended)", "toy.macro_f1": "0.8900 (0.8700 to 0.9100)",
        "against toy-fp32": f"−0.4 points (−1.4 to +0.6); {SHORT}", "MB": "25.0", "p50 ms": "2.00",
        "speed": "3.00x (2.75 to 3.25)", "peak MiB": "110",
    }  # fmt: skip
    assert [row[0] for row in first[3:]] == ["[toy-fp32](toy-fp32.md)"]
    assert tables(card(REFERENCE))[0][2][:3] == ["**toy-fp32** (recommended)", "0.8900 (0.8700 to 0.9100)", "reference"]


def test_one_margin_in_headline_table_advice_and_limits_whatever_the_gates_bear() -> None:
    recipe = given().recipe
    gated = recipe.artifacts["fp32"].model_copy(update={"gates": {"toy.macro_f1": Gate(max_drop=0.02)}})
    recipe = recipe.model_copy(update={"artifacts": recipe.artifacts | {"onnx-int8": gated}})
    assert card(recipe=recipe) == card()
    assert card().count(SHORT) == 5, "first row, table, advice, and each of two metrics"
    assert f"- {UNDECIDED.capitalize()} (toy.macro_f1 against toy-fp32)." in card()


def test_every_plot_is_linked_with_its_words_and_followed_by_its_numbers() -> None:
    text = full()
    assert relative(text) == [
        "toy-fp32.md", "plots/toy-onnx-int8/pareto.svg", "plots/toy-onnx-int8/confusion-toy.svg",
        "plots/toy-onnx-int8/length.svg", "plots/toy-onnx-int8/batch.svg",
    ]  # fmt: skip
    for name, figure in plots(given()).items():
        alone, after = text.split(f"![{beside_a_table(figure)}](plots/toy-onnx-int8/{name}.svg)")
        assert alone.endswith("\n\n")
        assert re.match(r"\n\n(<details><summary>.*</summary>\n\n)?\| ", after), name
    heads = [table[0] for table in tables(text)]
    assert ["tokens", "fp32, ms at p50", "onnx-int8, ms at p50"] in heads
    assert ["examples a call", "fp32, examples a second", "onnx-int8, examples a second"] in heads


def test_what_suite_full_adds() -> None:
    text = full()
    assert (
        "Against itself its speed was 1.010 (0.990 to 1.030), which should be 1 (steady: within 0.97 to 1.03); "
        "others took 2 %" in text
    )
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
    text = full(steadiness=shaken)
    assert tables(text)[0][2][5] == "3.00x (2.75 to 3.25), host not steady"
    assert "**The host was not steady: take speeds as rough.**" in text.partition("## ")[0]
    assert "not steady" not in full()


def test_advice_limits_and_tolerance_have_their_places() -> None:
    text = card()
    parts = re.findall("^## (.*)$", text, re.M)
    assert parts == [
        "When to choose it", "Limits", "Measured", "Gates", "In Python", "How it was built", "Reproduce",
    ]  # fmt: skip
    assert "- Choose it as the fastest (3.00 times" in text
    assert "```sh\ndoit reproduce toy-onnx-int8  # measures it again here, and says which" in text
    assert "`doit check toy-onnx-int8` builds it anew and compares.\n\nTolerance: none." in text


def test_a_family_of_one_has_no_front_and_no_advice() -> None:
    text = card(siblings=[SUBJECT])
    assert "pareto" not in text
    assert "nothing to choose between yet. `doit build:toy-fp32` records the reference too." in text
    assert "ecommended" not in text


@pytest.mark.parametrize("label", AWKWARD)
def test_awkward_labels_neither_break_advice_nor_limits(label: str) -> None:
    subject = labelled("plain", label)
    quality = records.quality(labels=("plain", label), confusion=[[200, 0], [9, 191]])
    subject = Subject(subject.build, records.measurement(quality={"toy": quality}))
    [line] = [line for line in card(subject).splitlines() if "most frequent error" in line]
    assert re.sub(r"\\(.)", r"\1", line).startswith(
        f"- Its most frequent error on toy is **plain** for **{' '.join(label.split())}**: 9 of 200"
    )


@pytest.mark.parametrize(("size", "told"), [(25_000_000, "25.0 MB"), (466_247, "0.5 MB"), (1209, "1.2 kB")])
def test_small_files_are_told_in_kilobytes(size: int, told: str) -> None:
    build = records.build(files=[{"path": "model.onnx", "size": size, "sha256": records.sha("model")}])
    assert tables(card(Subject(build, SUBJECT.measured)))[-1][2][1] == told
