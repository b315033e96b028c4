"""What an artifact needs is published, pulled, verified and opened with it: folder and hub, artifact and base."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.publish.conftest import record
from tests.support.factor import add_base, write_factor_zoo
from tests.support.hub import serving
from tests.support.user import zoosmith
from zoosmith.publish import folders
from zoosmith.store.files import sha256_file

CASES = pytest.mark.parametrize(
    ("name", "needs"), [("family0-scaled", "family0-a0"), ("family0-over", "family0-table")]
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The zoos of both cases."""
    over = record(add_base(write_factor_zoo(tmp_path_factory.mktemp("over") / "zoo")), "family0-over")
    scaled = write_factor_zoo(tmp_path_factory.mktemp("scaled") / "zoo")
    return {"family0-over": over, "family0-scaled": record(scaled, "family0-scaled", "family0-a0")}


@contextmanager
def target(kind: str, tmp_path: Path, project: Path) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Where to publish to, the registry to pull from, and what the environment says of it."""
    if kind == "file":
        yield f"file://{tmp_path / 'out'}", str(tmp_path / "out"), {}
        return
    with serving(tmp_path / "hub") as hub:
        yield "hf://org", str(project), {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home")}


@CASES
@pytest.mark.parametrize("kind", ["file", "hf"])
def test_published_and_pulled_together(
    built: dict[str, Path], tmp_path: Path, kind: str, name: str, needs: str
) -> None:
    project, away = Path(shutil.copytree(built[name], tmp_path / "zoo")), tmp_path / "away"
    away.mkdir()
    with target(kind, tmp_path, project) as (to, registry, settings):
        pushed = zoosmith(project, "push", name, "--to", to, **settings)
        assert pushed.stdout.startswith(f"published {name} v1 at"), pushed.stderr
        assert f"published {needs} v1 at" in pushed.stderr
        assert f"; {name} needs it" in pushed.stderr
        again = zoosmith(project, "push", name, "--to", to, **settings)
        assert again.stdout.startswith(f"already published: {name} v1"), again.stderr
        settings |= {"ZOOSMITH_PROJECT": str(project), "ZOOSMITH_REGISTRY": registry}
        pulled = zoosmith(away, "pull", name, "--into", ".", **settings)
    assert [line.split("@")[0] for line in pulled.stdout.splitlines()] == [name, needs], pulled.stderr
    shutil.rmtree(project / "artifacts")
    assert zoosmith(away, "run", f"./{name}", "a lovely film", **settings).stdout.startswith("positive\t")
    verified = zoosmith(away, "verify", f"./{name}", **settings)
    assert f"it is {needs}@1" in verified.stdout, verified.stderr
    table = away / needs / "table.json"
    table.write_text(table.read_text().replace("-", "+", 1))
    assert "table.json has SHA-256" in zoosmith(away, "verify", f"./{name}", **settings).stderr
    assert folders.faults(away / name) == []


def test_a_base_of_which_the_recipe_now_names_another_is_not_published(built: dict[str, Path], tmp_path: Path) -> None:
    project = Path(shutil.copytree(built["family0-over"], tmp_path / "zoo"))
    table = project / "bases" / "table" / "table.json"
    recipe, before = project / "recipes" / "family0.yaml", sha256_file(table)
    table.write_text(json.dumps(json.loads(table.read_text()) | {"more": 1}))
    recipe.write_text(recipe.read_text().replace(before, sha256_file(table)))
    done = zoosmith(project, "push", "family0-over", "--to", f"file://{tmp_path / 'out'}")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_pull_without_what_is_needed_fails_and_fetches_nothing(built: dict[str, Path], tmp_path: Path) -> None:
    project = Path(shutil.copytree(built["family0-scaled"], tmp_path / "zoo"))
    zoosmith(project, "push", "family0-scaled", "--to", f"file://{tmp_path / 'out'}")
    registry = tmp_path / "out" / "registry.json"
    rows = json.loads(registry.read_text())
    del rows["artifacts"]["family0-a0"]
    registry.write_text(json.dumps(rows))
    (away := tmp_path / "away").mkdir()
    pulled = zoosmith(away, "pull", "family0-scaled", "--registry", str(registry.parent))
    assert pulled.returncode == 1
    assert "cannot be opened without 'from'" in pulled.stderr
    assert "Traceback" not in pulled.stderr
    assert not list(away.glob("family0-*"))
