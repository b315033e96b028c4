"""The reference of shipped builders and of a project's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.zoo import ROOT
from zoosmith import plugins
from zoosmith.build.reference.builder import Builder, builder
from zoosmith.build.reference.index import entries, entry
from zoosmith.build.reference.parameters import BY_MACHINE, REQUIRED
from zoosmith.build.reference.words import flat, text
from zoosmith.contract.errors import ZooError

SHIPPED = plugins.known("builders", ROOT)
OWN = '''"""Adds noise to weights. It is for a test."""

from pydantic import Field

from zoosmith.contract.params import Params as BaseParams

FORMAT = "torch"
PRECISION = "fp32"
ACCEPTS = {"from": ("torch",)}


class Params(BaseParams):
    """scale: of the noise."""

    scale: float = Field(gt=0)


def build(job):
    """Not run here."""
'''


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    (tmp_path / "builders").mkdir()
    (tmp_path / "dodo.py").touch()
    (tmp_path / "builders" / "noise.py").write_text(OWN, encoding="utf-8")
    return tmp_path


def by_name(told: Builder) -> dict[str, tuple[str, object, str]]:
    return {one.name: (one.type, one.default, one.allowed) for one in flat(told.parameters)}


@pytest.mark.parametrize("name", SHIPPED)
def test_everything_that_is_shipped_is_described(name: str) -> None:
    told = builder(name, ROOT)
    assert [one.name for one in flat(told.parameters) if not one.about.strip(" :")] == []
    assert told.takes and told.gives and told.about
    assert max(map(len, text(told))) <= 80


@pytest.mark.parametrize("name", SHIPPED)
def test_the_list_and_the_reference_say_the_same_formats(name: str) -> None:
    told, line = builder(name, ROOT), entry(name, ROOT)
    assert set(line.gives) == set(told.gives)
    always = {format for role in told.takes if role.only_with is None for format in role.formats}
    assert set(line.takes) == always


def test_types_defaults_and_bounds() -> None:
    found = by_name(builder("onnx_int8", ROOT))
    assert found["weights"] == ("text", "s8", "s8, u8")
    assert found["per_channel"] == ("true or false", True, "")
    trained = by_name(builder("lora", ROOT))
    assert trained["dropout"] == ("number", 0.05, "at least 0, below 1")
    assert trained["target_modules"] == ("text or list of texts", "auto", "auto, all-linear")
    assert trained["autocast"][1] == BY_MACHINE
    assert by_name(builder("prune_heads", ROOT))["recovery.epochs"][1] == 1


def test_parameters_that_decide_formats_and_parents() -> None:
    assert builder("qat", ROOT).gives == {"torch_int8": ("int8",), "torch": ("fp32",)}
    roles = {role.role: (role.formats, role.only_with) for role in builder("gguf_quantize", ROOT).takes}
    assert roles == {"from": (("gguf",), None), "checkpoint": (("torch",), "imatrix: true")}


def test_types_of_llama_cpp_are_those_that_the_builder_takes() -> None:
    allowed = by_name(builder("gguf_quantize", ROOT))["type"][2].split(", ")
    assert "q4_k_m" in allowed
    assert "f64" not in allowed  # a tensor's type, and no file's


def test_an_example_is_one_of_a_recipe() -> None:
    told = builder("onnx_int8", ROOT).example
    assert told.recipe in {path.stem for path in (ROOT / "recipes").glob("*.yaml")}
    assert "builder: onnx_int8" in told.text


def test_a_builder_that_no_recipe_uses_says_so(zoo: Path) -> None:
    told = builder("noise", zoo).example
    assert (told.recipe, told.text) == (None, "noise: {builder: noise, from: of-format-torch}")


def test_a_builder_of_the_project_is_told_too(zoo: Path) -> None:
    mine = next(one for one in entries(zoo) if one.name == "noise")
    assert (mine.own, mine.takes, mine.gives) == (True, ("torch",), ("torch",))
    told = builder("noise", zoo)
    assert by_name(told) == {"scale": ("number", REQUIRED, "above 0")}
    assert (told.gives, told.takes[0].formats) == ({"torch": ("fp32",)}, ("torch",))


def test_a_broken_one_is_listed_and_told_with_its_line(zoo: Path) -> None:
    (zoo / "builders" / "noise.py").write_text("def build(:\n", encoding="utf-8")
    assert next(one for one in entries(zoo) if one.name == "noise").about.startswith("cannot be read")
    with pytest.raises(ZooError, match=r"noise.py:1: SyntaxError"):
        builder("noise", zoo)


def test_a_misspelt_one_gets_the_nearest() -> None:
    with pytest.raises(ZooError, match="did you mean 'finetune'"):
        builder("finetun", ROOT)
