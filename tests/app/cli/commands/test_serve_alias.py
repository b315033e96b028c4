"""`zoosmith serve NAME:ALIAS` answers with what the alias of a registry stands for, and follows it."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.serve.test_swap import until
from tests.support.published import manifest, publish
from tests.support.served import running, write_table, write_zoo
from zoosmith.app.cli import main as cli
from zoosmith.app.cli.commands.serve import settings, where_of
from zoosmith.publish import promotion
from zoosmith.publish.opening import open_catalog
from zoosmith.records.naming import Author
from zoosmith.store.files import payload
from zoosmith.transfer.cache import Cache

ADA = Author("ada", "2026-01-01T00:00:00+00:00", "tested")


def published(project: Path, registry: Path, sign: float) -> None:
    folder = write_table(project, "made", sign=sign)
    files = {path.as_posix(): (folder / path).read_bytes() for path in payload(folder) if path.name != "manifest.json"}
    publish(registry, "mood", files | {"manifest.json": manifest(files, format="table")})


def promote(registry: Path, which: str, cache: Path) -> None:
    catalog = open_catalog(str(registry), Path("/nowhere"), Cache(cache))
    version = catalog.find(which)
    promotion.promote(catalog, version, "stable", ADA, promotion.judge(catalog, version, "stable"))


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One with two versions of mood, which answer the other way round."""
    project = write_zoo(tmp_path / "zoo")
    for sign in (1.0, -1.0):
        published(project, tmp_path / "registry", sign)
    monkeypatch.setenv("ZOOSMITH_PROJECT", str(project))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return tmp_path / "registry"


def test_an_alias_is_followed(registry: Path, tmp_path: Path) -> None:
    promote(registry, "mood@1", tmp_path / "cache")
    words = ["serve", "mood:stable", "--registry", str(registry), "--port", "0", "--poll-s", "0.05", "--grace-s", "5"]
    with running(settings(cli.parser().parse_args(words))) as (url, _), httpx2.Client(base_url=url) as client:

        def label() -> str:
            found = client.post("/predict", json={"inputs": ["a lovely film"], "model": "mood"})
            return str(found.json()["answers"][0]["label"])

        assert label() == "positive"
        promote(registry, "mood@2", tmp_path / "cache")
        until(lambda: label() == "negative")


def test_that_a_version_was_yanked_is_said_once(
    registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = open_catalog(str(registry), Path("/nowhere"), Cache(tmp_path / "cache"))
    promotion.yank(catalog, catalog.find("mood@1"), ADA)
    where = where_of(cli.parser().parse_args(["serve", "mood@1", "--registry", str(registry)]))
    assert where("mood@1") == where("mood@1")
    assert capsys.readouterr().err.count("yanked") == 1
