"""The documentation as one site: pages gathered, links as they lie there, nothing outside of the navigation."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from tests.support.zoo import ROOT

SPEC = importlib.util.spec_from_file_location("docs_site", ROOT / ".ci" / "docs_site.py")
assert SPEC and SPEC.loader
docs_site = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(docs_site)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "docs" / "howto").mkdir(parents=True)
    (tmp_path / "builders").mkdir()
    for name in docs_site.OF_PROJECT:
        (tmp_path / name).write_text("# Title\n[a](docs/howto/a.md#one)\n", encoding="utf-8")
    (tmp_path / "docs" / "howto" / "a.md").write_text(
        "[`builders/`](../../builders) [changes](../../CHANGELOG.md) [out](https://example.org)\n"
        "```sh\n[x](gone.md)\n```\n", encoding="utf-8",
    )  # fmt: skip
    nav = "".join(f"  - A: {name}\n" for name in ("howto/a.md", *(f"project/{one}" for one in docs_site.OF_PROJECT)))
    (tmp_path / "mkdocs.yml").write_text(f"site_name: x\nnav:\n{nav}", encoding="utf-8")
    return tmp_path


def test_every_page_is_in_the_navigation_once() -> None:
    assert docs_site.out_of_nav(ROOT) == []


def test_pages_are_linked_as_they_lie_in_the_site(repository: Path, tmp_path: Path) -> None:
    site = tmp_path / "made"
    docs_site.gather(repository, site)
    told = (site / "howto" / "a.md").read_text(encoding="utf-8")
    assert told.startswith("`builders/` [changes](../project/CHANGELOG.md) [out](https://example.org)\n")
    assert "[x](gone.md)" in told
    assert "(../howto/a.md#one)" in (site / "project" / "CHANGELOG.md").read_text(encoding="utf-8")


def test_a_dead_link_is_an_error(repository: Path, tmp_path: Path) -> None:
    (repository / "docs" / "howto" / "a.md").write_text("[b](b.md)\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.md: the link to b\.md leads nowhere"):
        docs_site.gather(repository, tmp_path / "made")


def test_an_orphan_is_named(repository: Path) -> None:
    (repository / "docs" / "lost.md").write_text("# Lost\n", encoding="utf-8")
    assert docs_site.out_of_nav(repository) == ["lost.md"]
