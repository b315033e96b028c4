"""Every builder is weighed, in a zoo that is valid: a new one needs a line in benchmarks/_memory_cases.py."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import _memory_language as language
from benchmarks import _weighed, memory
from benchmarks._llm_shapes import fill
from benchmarks._memory_bounds import beyond_bounds, beyond_claims, bound_mb, too_many_copies
from benchmarks._memory_cases import ALL, CASES, FAMILIES, FORETOLD, LANGUAGE, SEARCHED, SEEING, WIDE
from benchmarks.memory import entries, figures, recipe
from tests.support import causal
from tests.support.zoo import ROOT
from zoosmith import plugins
from zoosmith.contract.output import output_of
from zoosmith.recipes.schema import Recipe


def test_every_builder_has_a_case() -> None:
    assert set(plugins.known("builders", ROOT)) == {case.builder for case in ALL.values()}
    assert {case.zoo for case in ALL.values()} == set(FAMILIES)


def test_recipes_are_valid() -> None:
    assert set(Recipe.model_validate(recipe("large", "long", 16, 128)).artifacts) == set(CASES)
    language_model = Recipe.model_validate(language.recipe("language", entries(LANGUAGE, 1), []))
    assert set(language_model.artifacts) == {"whole", *LANGUAGE}
    wide = Recipe.model_validate(language.recipe("wide", entries(FORETOLD, 1), list(FORETOLD)))
    assert set(wide.artifacts) == {"whole", *FORETOLD}
    assert set(wide.bases) == {"language", "file"}
    narrow = Recipe.model_validate(language.recipe("narrow", entries(SEARCHED, 1), list(SEARCHED)))
    assert set(narrow.artifacts) == {"whole", *SEARCHED}
    assert set(Recipe.model_validate(language.seeing_recipe("seeing", entries(SEEING, 1))).artifacts) == set(SEEING)


@pytest.mark.parametrize("name", [*LANGUAGE, *FORETOLD, *SEARCHED])
def test_formats_are_those_of_the_builders(name: str) -> None:
    case = ALL[name]
    module = plugins.load("builders", case.builder, ROOT)
    assert output_of(module, module.Params(**case.params)).format == case.format


def seen(peak: int, **watched: int) -> dict[str, int]:
    return {"peak": peak, "with_check": peak, "claimed": 2000, "parents": 9, **watched}


def told(name: str, large: dict[str, int], largest: int = 0) -> dict[str, dict[str, Any]]:
    return {name: figures(ALL[name], [seen(100, converter=1, quantiser=1), large], 100 * 2**20, largest)}


@pytest.mark.parametrize(("took", "missed"), [(1000, []), (1001, ["gguf: its converter took 1001 MiB, not 1000"])])
def test_the_converter_may_take_its_base_and_bytes_by_the_largest_tensor(took: int, missed: list[str]) -> None:
    largest = round((1000 * 2**20 - 400e6) / 6.5)
    assert beyond_bounds(told("gguf", seen(100, converter=took), largest)) == missed


@pytest.mark.parametrize(("took", "missed"), [(191, 0), (192, 1)])
def test_the_quantiser_may_take_200_mb_whatever_the_model(took: int, missed: int) -> None:
    assert bound_mb(ALL["gguf-quantize"], 1) == bound_mb(ALL["gguf-quantize"], 10**10) == 191
    assert len(beyond_bounds(told("gguf-quantize", seen(100, quantiser=took), 10**10))) == missed


def test_a_merge_may_hold_a_tenth_more_than_its_weights() -> None:
    assert too_many_copies(told("merge-lora", seen(210)), library=False) == []
    [missed] = too_many_copies(told("merge-lora", seen(212)), library=False)
    assert missed == "merge-lora: 1.12 copies of the weights, not 1.1"


def test_more_than_a_builder_claims_is_told() -> None:
    assert beyond_claims(told("trim", seen(2000))) == []
    assert beyond_claims(told("trim", seen(2001))) == ["trim: 2001 MiB taken, 2000 claimed"]


@pytest.mark.parametrize("name", ["gguf", "gguf-quantize", "gguf-mixed", "from-gguf"])
def test_what_was_measured_is_claimed(name: str) -> None:
    measured = json.loads((ROOT / "benchmarks" / "results" / "memory_language.json").read_bytes())["builds"][name]
    module = plugins.load("builders", ALL[name].builder, ROOT)
    claimed = module.resources(module.Params(**ALL[name].params), {"from": measured["parents_mb"] * 2**20})
    taken = max(measured["with_check_mb"], measured["peak_mb"] + measured.get("watched_mb", 0))
    assert taken <= claimed.memory_mb <= 3 * taken


def test_what_a_child_takes_is_seen_while_a_call_runs() -> None:
    before, own = _weighed._descendants(), bytearray(300 * 2**20)
    watched = _weighed._Most(lambda: _weighed.most_of_programs(before))
    code = "import time; held = bytearray(80 * 2**20); time.sleep(0.3)"
    watched.around(subprocess.run)([sys.executable, "-c", code], check=True)
    assert 80 <= watched.most < 160, "what this process holds, as a child does until it is a program of its own"
    assert len(own) == 300 * 2**20
    assert watched.start == 0
    assert _weighed.memory_of(2**22 + 1, "VmHWM") == 0, "no such process"


def test_the_widest_tensor_is_the_embedding() -> None:
    wide = FAMILIES[WIDE][1]
    hidden = language.SIZES[wide]["hidden"]
    assert language.WORDS[wide] * hidden > 10 * 2 * hidden * hidden


@pytest.mark.parametrize("words", [causal.VOCABULARY, 1000])
def test_a_tokenizer_is_filled_up_to_as_many_tokens_as_the_model_embeds(tmp_path: Path, words: int) -> None:
    causal.write_tokenizer(tmp_path)
    fill(tmp_path / "tokenizer.json", words)
    known = json.loads((tmp_path / "tokenizer.json").read_bytes())["model"]["vocab"]
    assert sorted(known.values()) == list(range(words))


def test_each_case_is_written_at_once_and_those_of_an_earlier_run_stay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "memory.json"
    file.write_text(json.dumps({"builds": told("finetune", seen(400)) | {"gone": {}}}), encoding="utf-8")
    written = []

    def measured(*_: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        for name in ("trim", "checkpoint"):
            yield name, told(name, seen(200) | ({"with_check": 2001} if name == "trim" else {}))[name]
            written.append(list(json.loads(file.read_bytes())["builds"]))

    monkeypatch.setattr(memory, "measure", measured)
    monkeypatch.setattr(sys, "argv", ["memory", "--only", "trim", "checkpoint", "--json", str(file)])
    assert memory.main() == 1
    assert written == [["finetune", "trim"], ["checkpoint", "finetune", "trim"]]
    assert json.loads(file.read_bytes())["missed"] == ["trim: 2001 MiB taken, 2000 claimed"]
