"""The recipe's schema: what it takes, what it refuses, and the JSON Schema made from it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from tests.support.recipes import COMMIT, FULL, SMALL, document
from tests.support.zoo import RECIPE, ROOT
from zoosmith.common.canonical import pretty
from zoosmith.recipes import schema as recipe
from zoosmith.recipes.schema import LIMITS, LIMITS_OF_MEASURES, Artifact, Base, Data, Eval, Gate, Recipe, TaskRef

SHA = "a" * 64
SCHEMA = recipe.json_schema()
EDITOR = jsonschema.Draft202012Validator(SCHEMA)


def test_a_plain_parent_has_the_role_from() -> None:
    assert Artifact.model_validate({"builder": "onnx", "from": "fp32"}).roles == {"from": "fp32"}
    roles = {"student": "small", "teacher": "other/big"}
    assert Artifact.model_validate({"builder": "distill", "from": roles}).roles == roles


@pytest.mark.parametrize("name", LIMITS)
def test_a_gate_tells_its_one_limit(name: str) -> None:
    assert Gate.model_validate({name: 0.5, "sure": True}).limit == (name, 0.5)


def test_a_limit_of_zero_is_a_limit() -> None:
    assert Gate(max_drop=0).limit == ("max_drop", 0)


REFUSED: list[tuple[type[recipe.Model], dict[str, Any], str]] = [
    (Gate, {}, "exactly one of min, max, max_regression, max_drop, min_ratio, max_ratio; found none"),
    (Gate, {"min": 0.9, "max_drop": 0.1}, "found min, max_drop"),
    (Gate, {"max_drop": -0.1}, "greater than or equal to 0"),
    (Gate, {"max_ratio": 0}, "greater than 0"),
    (Base, {}, "needs a source: repo, pypi or path"),
    (Base, {"repo": "org/model"}, "repo needs a revision"),
    (Base, {"repo": "org/model", "revision": "main"}, "a branch or tag may move"),
    (Base, {"repo": "org/model", "revision": COMMIT[:39]}, "40 hex digits"),
    (Base, {"repo": "org/model", "revision": COMMIT.upper()}, "40 hex digits"),
    (Base, {"repo": "org/model", "revision": COMMIT + "\n"}, "40 hex digits"),
    (Base, {"repo": "org/model", "revision": COMMIT, "path": "here"}, "several sources need `files"),
    (Base, {"path": "here", "trust_remote_code": True}, "trust_remote_code is not supported: code of"),
    (Base, {"path": "here", "files": {"a": "abc"}}, "SHA-256 of 64 hex digits"),
    (Base, {"path": "here", "files": {"../a": SHA}}, "without '..'"),
    (Base, {"path": "here", "files": {"/etc/passwd": SHA}}, "relative path"),
    (Base, {"path": "here", "files": {"a\\b": SHA}}, "relative path"),
    (Data, {}, "exactly one of builtin, path, repo; found none"),
    (Data, {"path": "x", "splits": {"eval": "x"}, "columns": {"text": "t"}, "documents": "("}, "a regular expression"),
    (Data, {"path": "x", "splits": {"eval": "x"}, "documents": "^="}, "name that column, `text: ...`"),
    (Data, {"builtin": "a", "path": "b"}, "found builtin and path"),
    (Data, {"repo": "org/data", "splits": {"eval": "test"}}, "repo needs a revision"),
    (Data, {"path": "here"}, "splits is missing"),
    (Data, {"path": "~/rows", "splits": {"eval": "test"}}, "'~' is not expanded"),
    (Data, {"path": "https://example.org/rows.csv", "splits": {"eval": "test"}}, "not a URL"),
    (Base, {"path": "~/model"}, "'~' is not expanded"),
    (Base, {"path": " "}, "expected a file or folder"),
    (Data, {"path": "here", "splits": {"../eval": "test"}}, "expected lower-case letters"),
    (Data, {"path": "here", "splits": {"eval": "test[1"}}, "'test[1' is not NAME or NAME[START:STOP]"),
    (
        Data,
        {"path": "here", "splits": {"train": "train[:10%]"}},
        "is not NAME or NAME[START:STOP] with whole numbers",
    ),
    (Data, {"path": "x", "splits": {"eval": "x"}, "labels": ["a", "b", "a"]}, "'a' is given twice; each class needs a"),
    (Data, {"path": "x", "splits": {"eval": "x"}, "labels": ["a", " "]}, "a class needs a name, of more"),
    (TaskRef, {"kind": "text-classification", "labels": ["us", "US", "us"]}, "'us' is given twice"),
    (Eval, {"kind": "text-classification", "data": "d", "split": "train"}, "handed to builders"),
    (Eval, {"kind": "text-classification", "data": "d", "split": "dev"}, "use 'eval'"),
    (Eval, {"kind": "text-classification", "data": "d", "split": "calibration"}, "measures nothing"),
    (Eval, {"kind": "../text", "data": "d"}, "lower-case letters"),
    (Artifact, {"builder": "onnx", "from": "a", "seed": -1}, "greater than or equal to 0"),
    (Artifact, {"builder": "On nx", "from": "a"}, "such as 'onnx-int8'"),
]


@pytest.mark.parametrize(("model", "given", "message"), REFUSED, ids=lambda part: str(part)[:40])
def test_refused(model: type[recipe.Model], given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as error:
        model.model_validate(given)
    assert message in str(error.value)


def test_one_source_needs_no_list_of_files() -> None:
    assert Base(repo="org/model", revision=COMMIT).files == {}
    assert Base(path="here").revision is None


def test_one_plug_in_has_one_name() -> None:
    """Two ways to write it would be two keys."""
    assert TaskRef(kind="text_classification") == TaskRef(kind="text-classification")
    assert Eval(kind="text_classification", data="a").kind == "text-classification"
    made = [Artifact.model_validate({"builder": name, "from": "a"}) for name in ("onnx-int8", "onnx_int8")]
    assert made[0] == made[1]
    assert Data(builtin="person-names").builtin == "person_names"


def test_a_recipe_never_changes() -> None:
    parsed = Recipe.model_validate(document())
    with pytest.raises(ValidationError, match="frozen"):
        parsed.summary = "another"


def test_a_recipe_reads_back_from_what_it_says() -> None:
    parsed = Recipe.model_validate(document())
    assert Recipe.model_validate(json.loads(parsed.model_dump_json(by_alias=True))) == parsed


def test_every_measure_takes_limits_that_exist() -> None:
    assert {limit for limits in LIMITS_OF_MEASURES.values() for limit in limits} <= set(LIMITS)


def test_json_schema_is_valid_and_named() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["title"] == "Zoosmith recipe"


@pytest.mark.parametrize("good", [document(), document(SMALL), RECIPE], ids=["full", "small", "toy"])
def test_json_schema_accepts(good: dict[str, Any]) -> None:
    EDITOR.validate(json.loads(json.dumps(good)))


def at(*path: str) -> Callable[[dict[str, Any], Any], None]:
    """A change that sets the value at `path`; None removes the key."""

    def change(recipe: dict[str, Any], value: Any) -> None:
        for key in path[:-1]:
            recipe = recipe[key]
        if value is None:
            del recipe[path[-1]]
        else:
            recipe[path[-1]] = value

    return change


BAD: list[tuple[tuple[str, ...], Any]] = [
    (("schema",), 2),
    (("schema",), None),
    (("summry",), "typo"),
    (("license",), None),
    (("artifacts",), {}),
    (("artifacts", "Bad Name"), {"builder": "onnx", "from": "fp32"}),
    (("artifacts", "fp32", "bulder"), "x"),
    (("artifacts", "fp32", "from"), None),
    (("artifacts", "fp32", "from"), ["finetuned"]),
    (("artifacts", "fp32", "seed"), -1),
    (("artifacts", "onnx-int8", "gates", "size", "min"), 1),
    (("artifacts", "onnx-int8", "gates", "size"), {"sure": True}),
    (("artifacts", "onnx-int8", "gates", "speed", "hosts"), "all"),
    (("bases", "finetuned", "revision"), "main"),
    (("bases", "pretrained", "files", "../up"), SHA),
    (("bases", "pretrained", "files", "a//b"), SHA),
    (("bases", "pretrained", "files", "a/."), SHA),
    (("bases", "pretrained", "files", "config.json"), "abc"),
    (("bases", "none"), {"license": "mit"}),
    (("data", "sst2", "builtin"), "person_names"),
    (("data", "sst2", "labels"), ["a", "a"]),
    (("data", "sst2", "labels"), ["a", ""]),
    (("data", "sst2", "splits", "Eval"), "test"),
    (("data", "sst2", "splits", "eval"), "test[:10%]"),
    (("data", "hard", "path"), "~/hard"),
    (("data", "hard", "path"), "https://example.org/hard"),
    (("evals", "sst2", "split"), "train"),
    (("evals", "sst2", "split"), "calibration"),
    (("evals", "sst2", "rows"), 0),
    (("task", "max_length"), 0),
]


@pytest.mark.parametrize(("path", "value"), BAD, ids=lambda part: str(part)[:50])
def test_json_schema_and_parser_refuse_the_same(path: tuple[str, ...], value: Any) -> None:
    changed = copy.deepcopy(document())
    at(*path)(changed, value)
    assert not EDITOR.is_valid(changed)
    with pytest.raises(ValidationError):
        Recipe.model_validate(changed)


def test_hidden_files_and_folders_of_a_base_are_fine() -> None:
    changed = document()
    changed["bases"]["pretrained"]["files"] = {"..odd": SHA, ".gitattributes": SHA, "a/b.c/d": SHA}
    EDITOR.validate(changed)
    assert len(Recipe.model_validate(changed).bases["pretrained"].files) == 3


def test_committed_json_schema_is_what_the_code_generates() -> None:
    committed = (ROOT / "docs" / "recipe.schema.json").read_text(encoding="utf-8")
    assert committed == pretty(SCHEMA), "generate docs/recipe.schema.json again: `zoosmith schema recipe`"


def test_the_full_recipe_gives_every_key_of_the_schema() -> None:
    given = document()
    sections = {
        "Recipe": [given],
        "Base": given["bases"].values(),
        "Data": given["data"].values(),
        "Eval": given["evals"].values(),
        "Artifact": given["artifacts"].values(),
        "Folding": [given["crossval"]],
    }
    for name, examples in sections.items():
        known = set((SCHEMA if name == "Recipe" else SCHEMA["$defs"][name])["properties"])
        unused = known - {key for example in examples for key in example}
        assert not unused, f"{name}: {unused}"
    assert "sure: true" in FULL and "hosts:" in FULL
