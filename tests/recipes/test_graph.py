"""The graph: names across recipes, lineage, and what is refused before anything is built."""

from __future__ import annotations

import pytest

from tests.support.recipes import FULL, SMALL, edited, line, zoo
from zoosmith.recipes.graph import Ref, Zoo
from zoosmith.recipes.yaml import RecipeError

CHILD = edited(
    SMALL,
    ("from: encoder}", "from: {student: encoder, teacher: toy/fp32}}"),
    ("from: fp32}", "from: toy/encoder}"),
)


def fault(**texts: str) -> str:
    with pytest.raises(RecipeError) as error:
        zoo(**texts)
    return str(error.value)


def position(made: Zoo, ref: Ref, name: str) -> int:
    return [str(node) for node in made.lineage(ref)].index(name)


def test_names_lead_to_artifacts_and_back() -> None:
    made = zoo(toy=SMALL, full=FULL)
    assert made.find("full-onnx-int8") == Ref("full", "onnx-int8")
    assert made.artifact(Ref("full", "onnx-int8")).builder == "onnx_int8"
    assert [str(ref) for ref in made.artifacts()][:3] == ["toy/fp32", "toy/int8", "full/fp32"]
    assert made.families["toy"].reference == Ref("toy", "fp32")
    assert made.data(Ref("full", "hard")).path == "data/hard"
    assert made.base(Ref("toy", "encoder")) is not None
    assert made.base(Ref("toy", "fp32")) is None


def test_parents_by_role() -> None:
    made = zoo(full=FULL)
    assert made.parents(Ref("full", "onnx-int8")) == {"from": Ref("full", "onnx-fp32")}
    assert made.parents(Ref("full", "distilled")) == {
        "student": Ref("full", "pretrained"), "teacher": Ref("full", "fp32"),
    }  # fmt: skip


def test_lineage_has_parents_before_children() -> None:
    made = zoo(full=FULL)
    assert [str(ref) for ref in made.lineage(Ref("full", "onnx-int8"))] == [
        "full/finetuned",
        "full/fp32",
        "full/onnx-fp32",
    ]
    distilled = Ref("full", "distilled")
    assert {str(ref) for ref in made.lineage(distilled)} == {"full/pretrained", "full/finetuned", "full/fp32"}
    assert position(made, distilled, "full/finetuned") < position(made, distilled, "full/fp32")


def test_lineage_names_a_shared_ancestor_once() -> None:
    text = edited(SMALL, ("from: fp32}", "from: fp32}\n  soup: {builder: soup, from: {a: fp32, b: int8, c: encoder}}"))
    assert [str(ref) for ref in zoo(toy=text).lineage(Ref("toy", "soup"))] == ["toy/encoder", "toy/fp32", "toy/int8"]


@pytest.mark.parametrize("texts", [{"toy": SMALL, "child": CHILD}, {"child": CHILD, "toy": SMALL}])
def test_parents_of_another_recipe_in_any_order(texts: dict[str, str]) -> None:
    made = zoo(**texts)
    fp32 = Ref("child", "fp32")
    assert made.parents(fp32) == {"student": Ref("child", "encoder"), "teacher": Ref("toy", "fp32")}
    assert made.parents(Ref("child", "int8")) == {"from": Ref("toy", "encoder")}
    assert {str(ref) for ref in made.lineage(fp32)} == {"child/encoder", "toy/encoder", "toy/fp32"}
    assert position(made, fp32, "toy/encoder") < position(made, fp32, "toy/fp32")


def test_find_suggests_the_nearest() -> None:
    with pytest.raises(RecipeError, match="no artifact is called 'toy-int9'; did you mean 'toy-int8'"):
        zoo(toy=SMALL).find("toy-int9")


UNKNOWN = [
    ("reference: fp32", "reference: fp31", "fp31", "reference", "'fp31', which is no artifact of this recipe; did you"),
    ("reference: fp32", "reference: encoder", "reference:", "reference", "'encoder', which is no artifact"),
    (
        "data: toy}\nevals",
        "data: tay}\nevals",
        "tay",
        "task.data",
        "found 'tay', which is not under data; did you mean",
    ),
    (
        "data: toy}\nref",
        "data: tay}\nref",
        "tay",
        "evals.toy.data",
        "found 'tay', which is not under data; did you mean",
    ),
    (
        "data: toy}\nref",
        "data: toy, split: evla}\nref",
        "evla",
        "evals.toy.split",
        "does not have; did you mean 'eval'?",
    ),
    (
        "data: toy}\nref",
        "data: toy, artifacts: [int9]}\nref",
        "int9",
        "evals.toy.artifacts.0",
        "found 'int9', which is no artifact of this recipe; did you mean 'int8'?",
    ),
    ("from: fp32}", "from: fp31}", "fp31", "artifacts.int8.from", "which is unknown; did you mean 'fp32'?"),
    ("from: fp32}", "from: othr/fp32}", "othr", "artifacts.int8.from", "which is unknown; did you mean 'other'?"),
    ("from: fp32}", "from: other/int9}", "int9", "artifacts.int8.from", "which is unknown; did you mean 'int8'?"),
    ("from: fp32}", "from: /fp32}", "/fp32", "artifacts.int8.from", "found '/fp32', which is unknown"),
    ("from: fp32}", "from: a/other/fp32}", "a/other", "artifacts.int8.from", "which is unknown; did you mean 'other'?"),
    ("from: fp32}", "from: toy}", "from: toy", "artifacts.int8.from", "found 'toy', which is unknown"),
    (
        "from: fp32}",
        "from: {\n   student: encoder,\n   teacher: fp31}}",
        "fp31",
        "artifacts.int8.from.teacher",
        "found 'fp31', which is unknown; did you mean 'fp32'?",
    ),
]


@pytest.mark.parametrize(("old", "new", "shown", "key", "message"), UNKNOWN, ids=[case[1] for case in UNKNOWN])
def test_unknown_reference(old: str, new: str, shown: str, key: str, message: str) -> None:
    text = edited(SMALL, (old, new))
    told = fault(toy=text, other=SMALL)
    assert told.startswith(f"toy.yaml:{line(text, shown)}: {key}: ")
    assert message in told


LIMITS = [
    (
        "toy.accuracy: {min_ratio: 0.9}",
        "toy.accuracy.min_ratio",
        "toy.accuracy",
        "use min, max, max_regression, max_drop",
    ),
    ("memory_mb: {max_ratio: 0.5}", "memory_mb.max_ratio", "memory_mb", "use min, max"),
    ("latency_p95_ms: {max_drop: 1}", "latency_p95_ms.max_drop", "latency_p95_ms", "use min, max"),
    ("size: {max_drop: 0.1}", "size.max_drop", "size", "use min, max, min_ratio, max_ratio"),
    ("agreement: {max_drop: 0.1}", "agreement.max_drop", "agreement", "use min, max"),
]


@pytest.mark.parametrize(("gate", "key", "name", "message"), LIMITS, ids=[case[1] for case in LIMITS])
def test_a_limit_that_says_nothing_of_its_measure(gate: str, key: str, name: str, message: str) -> None:
    text = edited(SMALL, ("from: fp32}", f"from: fp32, gates: {{\n  {gate}}}}}"))
    assert fault(toy=text) == (
        f"toy.yaml:{line(text, gate)}: artifacts.int8.gates.{key}: {name} is not compared in this way; {message}"
    )


def test_an_artifact_that_no_eval_measures() -> None:
    text = edited(SMALL, ("data: toy}\nref", "data: toy, artifacts: [fp32]}\nref"))
    assert fault(toy=text) == (
        f"toy.yaml:{line(text, 'int8:')}: artifacts.int8: no eval measures it: add it to the `artifacts` of one"
    )


def test_a_cycle_is_told_with_its_way() -> None:
    text = edited(
        SMALL,
        ("from: fp32}", "from: c}\n  b: {builder: x, from: int8}\n  c: {builder: x, from: b}"),
        ("reference: fp32", "reference: b"),
    )
    assert fault(toy=text) == (
        f"toy.yaml:{line(text, 'int8: {')}: artifacts.int8.from: "
        "a cycle: toy/int8 -> toy/c -> toy/b -> toy/int8; break it at one `from`"
    )


def test_an_artifact_of_itself_is_a_cycle() -> None:
    told = fault(toy=edited(SMALL, ("from: fp32}", "from: int8}")))
    assert "a cycle: toy/int8 -> toy/int8;" in told


def test_a_cycle_through_a_role_of_another_recipe() -> None:
    first = edited(SMALL, ("from: fp32}", "from: {student: fp32, teacher: other/int8}}"))
    second = edited(SMALL, ("from: fp32}", "from: first/int8}"))
    assert "a cycle: first/int8 -> other/int8 -> first/int8;" in fault(first=first, other=second)


def test_a_diamond_is_no_cycle() -> None:
    text = edited(SMALL, ("from: fp32}", "from: fp32}\n  both: {builder: soup, from: {a: fp32, b: int8}}"))
    assert len(zoo(toy=text).lineage(Ref("toy", "both"))) == 3


def test_two_recipes_that_make_one_full_name() -> None:
    first = edited(SMALL, ("  int8:", "  b-c:"))
    second = edited(SMALL, ("  int8:", "  c:"))
    told = fault(**{"a": first, "a-b": second})
    assert told == (
        f"a-b.yaml:{line(second, '  c:')}: artifacts.c: 'a-b-c' is already made by a/b-c (a.yaml); rename one of them"
    )


def test_a_base_and_an_artifact_of_one_name() -> None:
    text = edited(SMALL, ("  int8:", "  encoder:"))
    assert fault(toy=text) == (
        f"toy.yaml:{line(text, 'torch_int8')}: artifacts.encoder: "
        "'encoder' is a base of this recipe too; give one another name"
    )


def test_data_sets_have_names_of_their_own() -> None:
    text = edited(SMALL, ("encoder: {path", "toy: {path"), ("from: encoder", "from: toy"))
    assert zoo(toy=text).parents(Ref("toy", "fp32")) == {"from": Ref("toy", "toy")}


def test_data_that_makes_its_own_splits_is_not_asked_for_them() -> None:
    text = edited(SMALL, ("{path: data, splits: {train: train, eval: test}}", "{builtin: person_names}"))
    assert zoo(toy=text).data(Ref("toy", "toy")).builtin == "person_names"
