"""From YAML to a recipe, and what an error says: file, line, key, what was found, the nearest name."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from tests.support.recipes import COMMIT, FULL, SMALL, edited, line
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.yaml import RecipeError, explain, line_of, parse


def fault(text: str) -> str:
    """What parsing `text` complains about."""
    with pytest.raises(RecipeError) as error:
        parse(text, "recipes/toy.yaml")
    return str(error.value)


def test_everything_that_the_design_shows() -> None:
    recipe = parse(FULL, "full.yaml")
    pretrained = recipe.bases["pretrained"]
    assert (pretrained.repo, pretrained.path, pretrained.revision) == (
        "distilbert/distilbert-base-uncased", "bases/distilbert", COMMIT,
    )  # fmt: skip
    assert pretrained.pypi is not None and pretrained.pypi.version == "1.0"
    assert list(pretrained.files) == ["config.json", "onnx/model.onnx"]
    assert recipe.data["sst2"].splits["train"] == "train[:-2000]"
    assert recipe.data["made"].params == {"people": 100}
    assert recipe.task is not None and recipe.task.max_length == 64
    assert {id: (eval_.data, eval_.split) for id, eval_ in recipe.evals.items()} == {
        "sst2": ("sst2", "eval"), "hard": ("hard", "eval"), "checks": ("hard", "eval"),
    }  # fmt: skip
    assert list(recipe.artifacts) == ["fp32", "onnx-fp32", "onnx-int8", "lora-r8", "distilled"]
    int8 = recipe.artifacts["onnx-int8"]
    assert (int8.builder, int8.params, int8.seed) == ("onnx_int8", {"per_channel": True}, 7)
    assert {name: gate.limit for name, gate in int8.gates.items()} == {
        "sst2.accuracy": ("max_drop", 0.01), "size": ("max_ratio", 0.3), "speed": ("min", 1.5),
    }  # fmt: skip
    assert int8.gates["sst2.accuracy"].sure
    assert int8.gates["speed"].hosts == ("*-vnni", "epyc-?")
    assert recipe.artifacts["distilled"].roles == {"student": "pretrained", "teacher": "fp32"}
    assert recipe.artifacts["fp32"].seed == 42


# (text that is replaced, its replacement, text on the line that is named, key, what the message says)
UNKNOWN_KEYS = [
    ("license: mit", "license: mit\nevalz: {}", "evalz", "evalz", "did you mean 'evals'?"),
    ("{path: bases/encoder}", "\n    path: here\n    revison: x", "revison", "bases.encoder.revison", "'revision'?"),
    ("toy: {path: data,", "toy: {path: data, colums: {},", "colums", "data.toy.colums", "'columns'?"),
    ("task: {kind:", "task: {max_lenght: 3, kind:", "max_lenght", "task.max_lenght", "'max_length'?"),
    ("data: toy}\nreference", "data: toy, spilt: eval}\nreference", "spilt", "evals.toy.spilt", "'split'?"),
    ("from: fp32}", "from: fp32, parms: {}}", "parms", "artifacts.int8.parms", "'params'?"),
    ("from: fp32}", "from: fp32, from_: fp32}", "from_", "artifacts.int8.from_", "'from'?"),
    (
        "from: fp32}",
        "from: fp32, gates: {\n    size: {\n      max_ration: 1}}}",
        "max_ration",
        "artifacts.int8.gates.size.max_ration",
        "'max_ratio'?",
    ),
    (
        "{path: bases/encoder}",
        "\n    pypi:\n      package: p\n      verison: x",
        "verison",
        "bases.encoder.pypi.verison",
        "did you mean 'version'?",
    ),
]


@pytest.mark.parametrize(("old", "new", "shown", "key", "hint"), UNKNOWN_KEYS, ids=[case[3] for case in UNKNOWN_KEYS])
def test_unknown_key(old: str, new: str, shown: str, key: str, hint: str) -> None:
    text = edited(SMALL, (old, new))
    named = [each for each in fault(text).splitlines() if "unknown key" in each]
    assert len(named) == 1
    assert named[0].startswith(f"recipes/toy.yaml:{line(text, shown)}: {key}: unknown key; ")
    assert named[0].endswith(hint)


def test_unknown_key_with_nothing_near_lists_what_is_known() -> None:
    text = edited(SMALL, ("data: toy}\nreference", "data: toy, xyz: 1}\nreference"))
    known = "artifacts, baselines, changes, data, kind, rows, same, slices, split"
    assert fault(text).endswith(f"evals.toy.xyz: unknown key; known: {known}")


WRONG = [
    ("{path: bases/encoder}", "{repo: o/m, revision: main}", "encoder:", "found 'main': expected a commit of 40 hex"),
    ("{path: bases/encoder}", "{repo: o/m, revision: 1e10}", "encoder:", "found '1e10': expected a commit"),
    ("{path: bases/encoder}", f"{{repo: o/m, revision: {'1' * 40}}}", "encoder:", "put it in quotes"),
    ("{path: bases/encoder}", "{repo: o/m}", "encoder:", "bases.encoder: repo needs a revision"),
    ("{path: bases/encoder}", "", "encoder:", "found None"),
    ("summary: A toy.", "summary: 3", "summary", "summary: found 3: input should be a valid string; put it in quotes"),
    ("summary: A toy.", "summary: 2026-01-02", "summary", "valid string; put it in quotes"),
    ("summary: A toy.", "summary: 2026-13-45", "summary", "'2026-13-45': month must be in 1..12; put text in quotes"),
    ("summary: A toy.", "summary: [a]", "summary", "summary: found ['a']: input should be a valid string"),
    ("summary: A toy.", "summary: {a: b}", "summary", "summary: found a mapping: input should be a valid string"),
    ("schema: 1", "schema: 2", "schema", "schema: found 2: input should be 1"),
    ("license: mit\n", "", "schema", "license: is missing"),
    ("builder: finetune, ", "", "fp32: {from", "artifacts.fp32.builder: is missing"),
    ("from: fp32}", "from: fp32, params: 3}", "int8", "artifacts.int8.params: found 3: input should be a valid dict"),
    ("from: fp32}", "from: 3}", "int8", "artifacts.int8.from: found 3: input should be a valid string"),
    ("from: fp32}", "from: {a: 3}}", "int8", "artifacts.int8.from.a: found 3: input should be a valid string"),
    ("  int8:", "  Int 8:", "Int 8", "artifacts.Int 8: found 'Int 8': expected lower-case letters"),
    ("data: toy}\nreference", "data: toy, split: train}\nreference", "split: train", "'train' is handed to builders"),
    ("from: fp32}", "from: fp32, gates: {size: {min: 1, max: 2}}}", "int8", "gates.size: a gate needs exactly one"),
    ("from: fp32}", "from: fp32, gates: {size: {max: low}}}", "int8", "gates.size.max: found 'low': input should be"),
    ("toy: {path: data,", "toy: {path: data, labels: [no, maybe],", "labels", "toy.labels.0: found False"),
]


@pytest.mark.parametrize(("old", "new", "shown", "message"), WRONG, ids=[case[3][:50] for case in WRONG])
def test_wrong_value(old: str, new: str, shown: str, message: str) -> None:
    text = edited(SMALL, (old, new))
    named = [each for each in fault(text).splitlines() if message in each]
    assert len(named) == 1, fault(text)
    assert named[0].startswith(f"recipes/toy.yaml:{line(text, shown)}: ")


def test_every_fault_is_told_at_once() -> None:
    text = edited(SMALL, ("license: mit", "licence: mit"), ("from: fp32}", "from: fp32, sed: 1}"))
    assert fault(text).splitlines() == [
        "recipes/toy.yaml:1: license: is missing",
        f"recipes/toy.yaml:{line(text, 'sed')}: artifacts.int8.sed: unknown key; did you mean 'seed'?",
        "recipes/toy.yaml:3: licence: unknown key; did you mean 'license'?",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["str", "int", "float", "from"])
def test_names_that_look_like_type_names_keep_their_line(name: str) -> None:
    text = edited(SMALL, ("  int8:", f"  {name}:"), ("from: fp32}", "from: fp32, sed: 1}"))
    assert fault(text) == (
        f"recipes/toy.yaml:{line(text, 'sed')}: artifacts.{name}.sed: unknown key; did you mean 'seed'?"
    )


NOT_YAML = [
    ("a: [1\n", 2, "did not find expected"),
    ("a: 1\nb: c: d\n", 2, "mapping values are not allowed"),
    ("a:\n\t- b\n", 2, "cannot start any token"),
    ("a: 1\nb: \x07\n", 2, "unacceptable character #x0007"),
    ("a: 1\nb: *x\n", 2, "undefined alias"),
    ("a: 1\n---\nb: 2\n", 2, "another document"),
    ("a: 1\nb: !!python/object/apply:os.system [ls]\n", 2, "could not determine a constructor"),
    ("a: 1\nb: !!map [1]\n", 2, "expected a mapping node"),
    ("a: 1\n? [x]\n: 2\n", 2, "found a list or mapping as a key"),
    ("a: 1\nyes: 2\n", 2, "found 'yes' as a key, which YAML does not read as text; put it in quotes"),
    ("a:\n  1: 2\n", 2, "found '1' as a key"),
    ("", 1, "expected a mapping with schema, summary, bases, artifacts; found nothing"),
    ("# only a comment\n", 1, "found nothing"),
    ("- a\n- b\n", 1, "found list"),
    ("text", 1, "found str"),
]


@pytest.mark.parametrize(("text", "number", "message"), NOT_YAML, ids=[repr(case[0])[:30] for case in NOT_YAML])
def test_what_is_no_recipe_at_all(text: str, number: int, message: str) -> None:
    told = fault(text)
    assert told.startswith(f"recipes/toy.yaml:{number}: ")
    assert message in told
    assert "\n" not in told


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  int8: {", "  fp32: {builder: onnx, from: encoder}\n  int8: {"),
        ("license: mit", "license: mit\nsummary: TransientError."),
        ("from: fp32}", "from: fp32, from: encoder}"),
        ("from: fp32}", "from: fp32, params: {<<: {from: 1, from: 2}}}"),
        ("from: fp32}", "from: fp32, params: {<<: [{a: 1}, {from: 1, from: 2}]}}"),
    ],
)
def test_a_key_given_twice(old: str, new: str) -> None:
    text = edited(SMALL, (old, new))
    key = "fp32" if old.startswith("  int8") else new.split("\n")[-1].split(":")[0] if "\n" in new else "from"
    second = max(number for number, content in enumerate(text.splitlines(), 1) if f"{key}:" in content)
    assert fault(text) == f"recipes/toy.yaml:{second}: key {key!r} is given twice; each name may stand once"


def test_anchors_are_data_and_work() -> None:
    text = edited(
        SMALL,
        ("builder: finetune, from: encoder}", "builder: finetune, from: encoder, params: &p {epochs: 2, seed: 1}}"),
        ("from: fp32}", "from: fp32, params: {<<: *p, epochs: 3}}"),
    )
    assert parse(text, "f").artifacts["int8"].params == {"epochs": 3, "seed": 1}


@pytest.mark.parametrize("number", ["010", "-07", "0_1", "1:10", "190:20:30", "1:10.5"])
def test_a_number_in_a_base_that_nobody_means(number: str) -> None:
    told = fault(edited(SMALL, ("from: fp32}", f"from: fp32, seed: {number}}}")))
    assert re.fullmatch(
        rf"recipes/toy\.yaml:\d+: found '{re.escape(number)}', which YAML reads in another base .*", told
    )
    quoted = edited(SMALL, ("from: fp32}", f"from: fp32, summary: '{number}'}}"))
    assert parse(quoted, "f").artifacts["int8"].summary == number


def test_plain_numbers_are_read() -> None:
    told = "from: fp32, params: {a: 0, b: -7, c: 0.5, d: 1e-3, e: 1_000, f: 0x1f, g: .5, h: 1.0e+3}}"
    values = parse(edited(SMALL, ("from: fp32}", told)), "f").artifacts["int8"].params
    assert values == {"a": 0, "b": -7, "c": 0.5, "d": "1e-3", "e": 1000, "f": 31, "g": 0.5, "h": 1000.0}


def test_of_very_many_faults_the_first_are_told() -> None:
    told = fault(SMALL + "".join(f"k{i}: 1\n" for i in range(5_000))).splitlines()
    assert len(told) == 101
    assert told[0].startswith(f"recipes/toy.yaml:{len(SMALL.splitlines()) + 1}: k0: unknown key")
    assert told[-1] == "recipes/toy.yaml: 4900 more faults"


def test_a_key_forges_no_line() -> None:
    told = fault(edited(SMALL, ("from: fp32}", r'from: fp32, "a\e[2J\nERROR: run this": 1}')))
    assert "\n" not in told and told.isprintable()


def test_a_recipe_error_is_the_users_to_mend() -> None:
    assert issubclass(RecipeError, ZooError)


class _Training(BaseModel):
    model_config = ConfigDict(extra="forbid")
    epochs: int
    rate: float | str = 0.1


def test_faults_of_a_part_are_placed_in_the_whole() -> None:
    text = edited(SMALL, ("from: fp32}", "from: fp32, params: {\n    epohcs: 3,\n    rate: [1]}}"))
    with pytest.raises(ValidationError) as error:
        _Training.model_validate({"epohcs": 3, "rate": [1]})
    told = explain(error.value, text, "toy.yaml", ("artifacts", "int8", "params"), _Training).splitlines()
    first = line(text, "epohcs")
    assert told == [
        f"toy.yaml:{first - 1}: artifacts.int8.params.epochs: is missing",
        f"toy.yaml:{first + 1}: artifacts.int8.params.rate: found [1]: input should be a valid number",
        f"toy.yaml:{first + 1}: artifacts.int8.params.rate: found [1]: input should be a valid string",
        f"toy.yaml:{first}: artifacts.int8.params.epohcs: unknown key; did you mean 'epochs'?",
    ]


def test_faults_of_a_part_that_is_not_written() -> None:
    with pytest.raises(ValidationError) as error:
        _Training.model_validate({})
    told = explain(error.value, SMALL, "toy.yaml", ("artifacts", "int8", "params"), _Training)
    assert told == f"toy.yaml:{line(SMALL, 'int8')}: artifacts.int8.params.epochs: is missing"


def test_lines() -> None:
    text = "a:\n  b:\n    - x\n    - c: 1\n"
    assert [line_of(text, path) for path in ((), ("a",), ("a", "b"), ("a", "b", 1), ("a", "b", 1, "c"))] == [
        1, 1, 2, 4, 4,
    ]  # fmt: skip
    assert line_of(text, ("a", "b", "none")) == 2
    assert line_of(text, ("a", "b", 2)) == 2
    assert line_of("", ("a",)) == 1


@given(st.integers(0, 2**32))
def test_damage_is_told_as_a_recipe_error_or_harmless(seed: int) -> None:
    """Whatever is cut, doubled or swapped in a recipe, only RecipeError comes out, and it names a line."""
    generator = random.Random(seed)
    text = list(FULL)
    for _ in range(generator.randint(1, 4)):
        start = generator.randrange(len(text))
        text[start : start + generator.randint(0, 12)] = generator.choice(
            ["", ":", "{", "]", "\n", "- ", "? ", "!!x ", "&a ", "*a", "'", "\t", "0b_", "9", "yes", "\x00", "%"]
        )
    try:
        parse("".join(text), "f.yaml")
    except RecipeError as error:
        number = str(error).split(":")[1]
        assert 1 <= int(number) <= len(text)
