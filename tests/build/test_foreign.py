"""A broken recipe, builder or runtime is told with file and line, and the other families go on."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.support.table import recipe
from tests.support.zoo import write_recipe
from zoosmith import plugins
from zoosmith.build.foreign import told
from zoosmith.build.workspace import Workspace
from zoosmith.build.zoo import load_what_holds, load_zoo
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.yaml import RecipeError


@pytest.fixture
def two(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo of the families `toy` and `other`, whose builder is `counts`, a copy of `table`."""
    (project / "builders" / "counts.py").write_text((project / "builders" / "table.py").read_text())
    made = recipe()
    made["artifacts"] = {"plain": {"builder": "counts", "from": "words"}}
    write_recipe(project, made, "other")
    plugins.load.cache_clear()
    monkeypatch.delitem(sys.modules, "zoo_builders_counts", raising=False)
    return project


def spoil(project: Path, old: str, new: str) -> None:
    file = project / "builders" / "counts.py"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


BROKEN = [
    ("def build(job):", "def build(job:", r"counts\.py:\d+: SyntaxError: "),
    ("def build(job):", "def biuld(job):", r"counts\.py:1: has no 'build'; did you mean 'biuld'"),
    ('FORMAT = "table"', 'FORMATS = "table"', r"counts\.py:1: has no 'FORMAT' or 'output'; did you mean 'FORMATS'"),
    (
        "import random",
        "import no_such_package",
        r"counts\.py:3: ModuleNotFoundError: No module named 'no_such_package'",
    ),
    ("import random", "import sys; sys.exit(4)", r"counts\.py:3: SystemExit: 4"),
    ("class Params(BaseParams):", "class Params:", r"counts\.py:1: Params is no subclass of "),
    ('DATA = ("train",)', "DATA = 3", r"counts\.py: TypeError: "),
    ('DATA = ("train",)', "def data(params):\n    return 1 / 0\n", r"counts\.py:\d+: ZeroDivisionError: "),
]


@pytest.mark.parametrize(("old", "new", "said"), BROKEN)
def test_a_broken_builder_stops_its_own_family_alone(two: Path, old: str, new: str, said: str) -> None:
    spoil(two, old, new)
    with pytest.raises(ZooError, match=said):
        load_zoo(two)
    zoo, broken = load_what_holds(two)
    assert "toy" in zoo.families and list(broken) == ["other"]
    assert re.search(said, str(broken["other"]))
    assert re.match(r"recipes/other\.yaml:\d+: artifacts\.plain\.builder: found 'counts': ", str(broken["other"]))


def test_a_whole_zoo_leaves_nothing_out(two: Path) -> None:
    zoo, broken = load_what_holds(two)
    assert broken == {} and {"toy", "other"} <= set(zoo.families)
    assert set(load_zoo(two).families) == set(zoo.families)


@pytest.mark.parametrize("text", ["schema: [", "schema: 1\nsummary: x\n", "\ud800"])
def test_a_broken_recipe_stops_itself_alone(two: Path, text: str) -> None:
    (two / "recipes" / "other.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
    zoo, broken = load_what_holds(two)
    assert "toy" in zoo.families and list(broken) == ["other"]
    assert str(broken["other"]).startswith("recipes/other.yaml:")


def test_what_is_made_from_a_broken_family_is_left_out_too(two: Path) -> None:
    made = recipe()
    made["bases"] = {}
    made["artifacts"] = {"plain": {"builder": "scaled", "from": "other/plain"}}
    write_recipe(two, made, "third")
    spoil(two, "def build(job):", "def build(job:")
    zoo, broken = load_what_holds(two)
    assert set(broken) == {"other", "third"} and "toy" in zoo.families
    assert "SyntaxError" in str(broken["third"])


def test_a_broken_runtime_is_told(two: Path) -> None:
    runtime = two / "runtimes" / "table.py"
    runtime.write_text(runtime.read_text().replace("def open(", "def opne("))
    from zoosmith.build import checks

    checks._capabilities.cache_clear()
    sys.modules.pop("zoo_runtimes_table", None)
    _, broken = load_what_holds(two)
    assert "table.py:1: has no 'open'; did you mean 'opne'" in str(broken["toy"])


def test_errors_of_ours_are_left_as_they_are() -> None:
    with pytest.raises(RecipeError, match=r"^mine$"), told(Path("x.py")):
        raise RecipeError("mine")
    with pytest.raises(ZooError, match=r"^x\.py: ValueError: theirs$"), told(Path("x.py")):
        raise ValueError("theirs")


def test_what_must_know_every_recipe_refuses(two: Path) -> None:
    spoil(two, "def build(job):", "def build(job:")
    workspace = Workspace(two)
    workspace.without_broken()
    with pytest.raises(ZooError, match=r"gc must know every recipe, and one is broken: recipes/other\.yaml"):
        workspace.require_all("gc")
