"""benchmarks/studies.md: published rows beside our records."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import studies
from benchmarks._published import IMDB, N1, N2, N3, N7, SST2, TABLES, B
from benchmarks._recorded import Ours, Shelf
from benchmarks._study_page import needed, page
from benchmarks._study_rows import (
    MEMORY,
    QUALITY,
    confusion_rows,
    our_memory,
    our_quality,
    published_memory,
    published_quality,
    without_empty,
)
from tests.support import records
from tests.support.studies import answers, record, record_all

TRAINED = {"trainable_parameters": 2_500, "parameters": 1_000_000}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "benchmarks").mkdir()
    return tmp_path


def cells(head: tuple[str, ...], row: list[str]) -> dict[str, str]:
    return {name: cell for name, cell in zip(head, row, strict=True) if cell}


def test_published_rows_have_a_cell_for_each_column() -> None:
    for table in TABLES:
        for row in table.rows:
            assert len(published_quality(row, table.baseline)) == len(QUALITY)
            assert len(published_memory(row)) == len(MEMORY)


def test_a_published_row_is_compared_within_one_machine_and_unit() -> None:
    int8 = cells(QUALITY, published_quality(N1[1], N1[0]))
    assert (int8["change, points"], int8["times as fast"]) == ("-1.73", "2.33")
    assert cells(QUALITY, published_quality(N1[0], N1[0]))["change, points"] == "baseline"
    totals = cells(QUALITY, published_quality(N2[2], N1[0]))  # seconds for all against ms of one
    on_cpu = cells(QUALITY, published_quality(B[3], B[0]))  # against a GPU
    assert (totals["change, points"], on_cpu["change, points"]) == ("-3.90", "-3.50")
    assert "times as fast" not in totals.keys() | on_cpu.keys()
    assert cells(QUALITY, published_quality(N7[1], N1[0]))["accuracy %"] == "failed (bitsandbytes assertion)"


def test_our_row_says_what_was_measured_where(root: Path) -> None:
    fp32, int8 = record(root, SST2, "fp32"), record(root, SST2, "torch-int8", quality=answers(range(12)))
    assert cells(QUALITY, our_quality(int8, fp32, N3[1])) == {
        "configuration": "ours: [minilm-sst2-torch-int8](../model_cards/minilm-sst2-torch-int8.md)",
        "on": "CPU (published: GPU)",
        "accuracy %": "94.00 (92.0 to 96.0)",
        "weighted F1 %": "88.00 (86.0 to 90.0)",
        "n": "200",
        "change, points": "-1.00 (-3.57 to +0.90)",
        "ms an example": "2.00",
        "examples/s": "450",
        "times as fast": "3.00 (2.75 to 3.25)",
    }
    assert cells(QUALITY, our_quality(fp32, fp32, N1[0]))["change, points"] == "baseline"


def test_against_another_than_the_reference_both_ratios_stand(root: Path) -> None:
    plain, int8 = record(root, SST2, "onnx-fp32"), record(root, SST2, "onnx-int8")
    row = cells(QUALITY, our_quality(int8, plain, N2[0]))
    assert row["times as fast"] == "1.00 (0.89 to 1.13), derived"
    assert row["times as fast as the reference"] == "3.00 (2.75 to 3.25)"
    assert row["s for all"] == "0.44"  # 200 examples at 450 a second


def test_without_suite_full_there_is_no_throughput(root: Path) -> None:
    row = cells(QUALITY, our_quality(record(root, SST2, "fp32", profile=None), None, N2[0]))
    assert row.keys().isdisjoint({"s for all", "examples/s", "change, points", "times as fast"})


def test_throughput_of_another_host_names_it(root: Path) -> None:
    full = record(root, SST2, "fp32")
    quick = records.measurement(full.build.name, suite="quick", profile=None, host=records.host("epyc-avx2"))
    row = cells(QUALITY, our_quality(Ours(full.build, quick, (quick, full.measured)), None, N1[0]))
    assert row["examples/s"] == "450 on epyc-2c"


def test_an_unsteady_host_is_marked(root: Path) -> None:
    fp32, int8 = record(root, SST2, "fp32"), record(root, SST2, "torch-int8", load_average=9.0)
    assert cells(QUALITY, our_quality(int8, fp32, N1[1]))["times as fast"].endswith("host not steady")


def test_a_reference_is_as_steady_as_what_was_timed_beside_it(root: Path) -> None:
    fp32, int8 = record(root, SST2, "fp32", load_average=9.0), record(root, SST2, "torch-int8")
    assert cells(QUALITY, our_quality(int8, fp32, N1[1]))["times as fast"] == "3.00 (2.75 to 3.25)"


def test_examples_that_cannot_be_paired_give_no_interval(root: Path) -> None:
    finetune = record(root, SST2, "finetune", quality={"toy": records.quality(0.9, n=200)})
    lora = record(root, SST2, "lora-r8", quality={"toy": records.quality(0.88, n=200)})
    assert cells(QUALITY, our_quality(lora, finetune, N7[0]))["change, points"] == "-2.00, no interval"


def test_memory_and_training_are_read_from_the_record(root: Path) -> None:
    assert cells(MEMORY, our_memory(record(root, SST2, "lora-r8", TRAINED))) == {
        "configuration": "ours: [minilm-sst2-lora-r8](../model_cards/minilm-sst2-lora-r8.md)",
        "after load": "90",
        "peak": "110",
        "growth": "20",
        "size MB": "25.0",
        "parameters trained": "2,500 of 1.00 M (0.25 %)",
        "measured on": "epyc-2c, full 1, 1 thread",
    }
    assert "parameters trained" not in cells(MEMORY, our_memory(record(root, SST2, "torch-int8")))


def test_training_minutes_are_those_of_the_build(root: Path) -> None:
    notes = {"notes": {"training": {"minutes": 4.223, "peak_memory_mb": 1855}}}
    ours = record(root, SST2, "finetune")
    trained = type(ours)(ours.build.model_copy(update={"provenance": notes}), ours.measured, ours.others)
    row = cells(MEMORY, our_memory(trained))
    assert (row["training min"], row["training peak"]) == ("4.22", "1855")


def test_a_gpu_tells_its_memory(root: Path) -> None:
    vram = {"load": 400, "peak": 450, "growth": 50}
    ours = record(
        root, SST2, "fp32", device="cuda", vram_mb=vram, host=records.host().model_copy(update={"gpu": "H200"})
    )
    row = cells(MEMORY, our_memory(ours))
    assert (row["VRAM after load"], row["VRAM growth"], row["VRAM peak"]) == ("400", "50", "450")
    assert cells(QUALITY, our_quality(ours, None, N3[0]))["on"] == "GPU H200"


def test_confusion_matrices_stand_row_by_row(root: Path) -> None:
    assert confusion_rows([record(root, IMDB, "finetune")]) == [
        ["ours", "negative → negative", "negative → positive", "positive → negative", "positive → positive"],
        ["`minilm-imdb-finetune`", "100", "0", "0", "100"],
    ]
    assert confusion_rows([]) == []


def test_columns_that_nobody_fills_go() -> None:
    assert without_empty([["a", "b", "c"], ["1", "", ""], ["2", "", "3"]]) == [["a", "c"], ["1", ""], ["2", "3"]]


def test_what_is_not_recorded_is_said_and_fails(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(root, SST2, "fp32")
    assert studies.main([], root) == 1
    text = (root / studies.PAGE).read_text(encoding="utf-8")
    assert f"**{len(needed()) - 1} artifacts are not recorded**" in text
    assert "| **not recorded: minilm-sst2-torch-int8** |" in text
    assert "not recorded: minilm-sst2-torch-int8\n" in capsys.readouterr().err
    assert studies.main(["--allow-missing"], root) == 0


def test_a_whole_record_has_no_holes_and_is_rendered_alike_twice(root: Path) -> None:
    record_all(root)
    assert studies.main([], root) == 0
    text = (root / studies.PAGE).read_text(encoding="utf-8")
    assert "not recorded" not in text
    assert text == page(Shelf(root))
    assert all(table.title in text for table in TABLES)
    assert "negative → positive" in text


def test_check_tells_when_the_page_is_out_of_date(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record_all(root)
    assert studies.main(["--check"], root) == 1
    assert studies.main([], root) == 0
    assert studies.main(["--check"], root) == 0
    record(root, SST2, "fp32", quality=answers(range(30)))
    assert studies.main(["--check"], root) == 1
    assert "out of date; run: python -m benchmarks.studies" in capsys.readouterr().err


def test_a_build_without_a_measurement_of_its_tree_is_not_recorded(root: Path) -> None:
    record(root, SST2, "fp32", tree_digest=records.sha("another"))
    assert Shelf(root).find(SST2, "fp32") is None


def test_an_artifact_that_no_recipe_has_is_told_apart(root: Path) -> None:
    shelf = Shelf(root)
    assert shelf.missing(SST2, "torch-int8") == "minilm-sst2-torch-int8"
    assert shelf.missing(SST2, "torch-int9") == "minilm-sst2-torch-int9 (its recipe has no such artifact)"
    assert shelf.missing("minilm-none", "fp32") == "minilm-none-fp32 (there is no recipe minilm-none)"
