"""`doit site`: made once, made again when its inputs change, whole at any moment, and nobody else's folder."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.support import gallery
from tests.support.zoo import ROOT, doit
from zoosmith.build.workspace import Workspace
from zoosmith.contract.errors import ZooError
from zoosmith.records.registry import Registry
from zoosmith.site import make as making
from zoosmith.site.make import make

HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    return gallery.write(tmp_path, gallery.registry(8), card="# NAME\n\nSee [another](NAME.md).\n")


class Page(HTMLParser):
    """Links, ids and tags of one page."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.tags: list[str] = []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("href", "src") and value is not None:
                self.links.append(value)
            elif name == "id" and value is not None:
                assert value not in self.ids
                self.ids.add(value)


def dead_links(site: Path) -> list[str]:
    """Links of every page that lead to no file or no place."""
    pages = {file: Page(file) for file in site.rglob("*.html")}
    dead = []
    for file, page in pages.items():
        for link in page.links:
            path, _, anchor = link.partition("#")
            if path.startswith(("https:", "data:")):
                continue
            target = (file.parent / unquote(path)).resolve() if path else file
            known = anchor == "" or "=" in anchor or anchor in pages[target].ids
            if not target.is_file() or not target.is_relative_to(site) or not known:
                dead.append(f"{file.name}: {link}")
    return dead


def test_the_command_says_where_the_page_is(zoo: Path) -> None:
    done = doit(zoo, "site")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{zoo / 'site' / 'index.html'} (8 artifacts, ")
    assert (zoo / "site" / "index.html").is_file()


def test_it_is_made_again_only_when_an_input_has_changed(zoo: Path) -> None:
    make(Workspace(zoo))
    before = (zoo / "site").stat().st_ino
    make(Workspace(zoo))
    assert (zoo / "site").stat().st_ino == before
    for change in ("model_cards/new.md", "registry.json"):
        with (zoo / change).open("a") as file:
            file.write("\n")
        make(Workspace(zoo))
        after = (zoo / "site").stat().st_ino
        assert after != before
        before = after
    (zoo / "site" / "index.html").unlink()
    make(Workspace(zoo))
    assert (zoo / "site" / "index.html").is_file()


def test_a_speed_from_a_host_that_was_not_steady_is_marked(tmp_path: Path) -> None:
    book = gallery.registry(8)
    name = next(iter(book.artifacts))
    entry = book.artifacts[name]
    [result] = entry.versions["1"].results
    shaky = entry.versions["1"].model_copy(update={"results": (result.model_copy(update={"steady": False}),)})
    marked = book.model_copy(
        update={"artifacts": book.artifacts | {name: entry.model_copy(update={"versions": {"1": shaky}})}}
    )
    make(Workspace(gallery.write(tmp_path, marked, card="# NAME\n")))
    site = tmp_path / "site"
    assert (site / "index.html").read_text(encoding="utf-8").count("host not steady") == 1
    pages = [page for page in (site / "cards").glob("*.html") if "host not steady" in page.read_text("utf-8")]
    assert [page.stem for page in pages] == [name]


def test_every_link_leads_somewhere(zoo: Path) -> None:
    make(Workspace(zoo))
    assert dead_links(zoo / "site") == []
    (zoo / "site" / "cards" / next(iter(gallery.registry(8).artifacts))).with_suffix(".html").unlink()
    (zoo / "site" / "assets" / "gallery.js").unlink()
    assert any("gallery.js" in link for link in dead_links(zoo / "site"))


def test_the_committed_record_makes_a_site_without_dead_links(tmp_path: Path) -> None:
    for name in ("results", "model_cards", "recipes"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("registry.json", "dodo.py"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    make(Workspace(tmp_path))
    assert dead_links(tmp_path / "site") == []
    index = (tmp_path / "site" / "index.html").read_text()
    for name in json.loads((tmp_path / "registry.json").read_bytes())["artifacts"]:
        assert f'href="cards/{name}.html"' in index
        assert "<h2" in (tmp_path / "site" / "cards" / f"{name}.html").read_text()


def test_an_empty_zoo_says_what_to_do(tmp_path: Path) -> None:
    shutil.copyfile(ROOT / "dodo.py", tmp_path / "dodo.py")
    done = doit(tmp_path, "site")
    assert done.returncode == 1
    assert "there is no registry.json yet" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("kind", ["folder", "file", "link", "marker"])
def test_a_folder_that_is_not_ours_is_left_alone(zoo: Path, kind: str) -> None:
    mine = zoo / "site"
    if kind == "file":
        mine.write_text("mine")
    elif kind == "link":
        (zoo / "elsewhere").mkdir()
        mine.symlink_to(zoo / "elsewhere")
    else:
        mine.mkdir()
        (mine / "index.html").write_text("mine")
    if kind == "marker":
        (mine / making.MARKER).write_text("[]")
    with pytest.raises(ZooError, match="was not made by `doit site`"):
        make(Workspace(zoo))
    assert mine.is_symlink() or "mine" in (mine if kind == "file" else mine / "index.html").read_text()


def test_scratch_makes_its_own(zoo: Path) -> None:
    shutil.copytree(zoo / "model_cards", zoo / "scratch-zoo" / "model_cards")
    shutil.copyfile(zoo / "registry.json", zoo / "scratch-zoo" / "registry.json")
    done = doit(zoo, "run", "--scratch", "site")
    assert done.returncode == 0, done.stdout
    assert (zoo / "scratch-zoo" / "site" / "index.html").is_file()
    assert not (zoo / "site").exists()


def test_a_failure_leaves_the_former_site_and_nothing_else(zoo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(Workspace(zoo))
    before = (zoo / "site" / "index.html").read_bytes()
    gallery.write(zoo, gallery.registry(16))
    monkeypatch.setattr(making.pages, "families", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make(Workspace(zoo))
    assert (zoo / "site" / "index.html").read_bytes() == before
    assert [path.name for path in zoo.iterdir() if path.name.startswith(".site")] == []


def test_a_killed_run_leaves_the_former_site_whole_and_the_next_one_cleans_up(zoo: Path) -> None:
    make(Workspace(zoo))
    before = (zoo / "site" / "index.html").read_bytes()
    gallery.write(zoo, gallery.registry(96), card="# NAME\n" + "Text with *marks*.\n\n" * 60)
    staged = False
    running = subprocess.Popen([sys.executable, "-m", "doit", "site"], cwd=zoo, stderr=subprocess.DEVNULL)
    while running.poll() is None and not staged:
        staged = any(path.joinpath("index.html").is_file() for path in zoo.glob(".site.*"))
        time.sleep(0.001)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    assert staged
    assert (zoo / "site" / "index.html").read_bytes() == before
    assert dead_links(zoo / "site") == []
    (zoo / ".site.mine").mkdir()
    make(Workspace(zoo))
    assert [path.name for path in zoo.glob(".site.*")] == [".site.mine"]
    assert len(list((zoo / "site" / "cards").glob("*.html"))) == 96


def test_pictures_of_a_card_go_along_and_nothing_from_outside(zoo: Path) -> None:
    name = next(iter(gallery.registry(8).artifacts))
    picture = zoo / "model_cards" / "plots" / name / "speed.svg"
    picture.parent.mkdir(parents=True)
    picture.write_text("<svg/>")
    (zoo / "secret.txt").write_text("secret")
    card = f"# {name}\n\n![Speed](plots/{name}/speed.svg) [secret](../secret.txt)\n"
    (zoo / "model_cards" / f"{name}.md").write_text(card)
    make(Workspace(zoo))
    assert (zoo / "site" / "cards" / "plots" / name / "speed.svg").read_text() == "<svg/>"
    assert f'src="plots/{name}/speed.svg"' in (zoo / "site" / "cards" / f"{name}.html").read_text()
    assert list((zoo / "site").rglob("secret*")) == []


def test_rows_of_strangers_are_shown_as_text(tmp_path: Path) -> None:
    book = gallery.registry(2)
    (first, entry), *_ = book.artifacts.items()
    row = entry.versions["1"].model_copy(
        update={
            "task": HOSTILE, "base": (HOSTILE, "../.."), "format": HOSTILE, "precision": HOSTILE, "recipe": HOSTILE,
            "license": HOSTILE, "builder": HOSTILE, "locations": (f"hf://{HOSTILE}",), "card": "/etc/passwd",
            "results": tuple(
                result.model_copy(update={"host": HOSTILE, "quality": dict.fromkeys([f"{HOSTILE}.x"], value)})
                for result in entry.versions["1"].results
                for value in result.quality.values()
            ),
        }
    )  # fmt: skip
    strange = {HOSTILE: entry.model_copy(update={"versions": {"1": row}}), "../../up": entry, first: entry}
    gallery.write(tmp_path, Registry(artifacts=strange))
    make(Workspace(tmp_path))
    site = tmp_path / "site"
    assert len(list((site / "cards").iterdir())) == 3
    assert len(list((site / "families").iterdir())) == 2
    assert dead_links(site) == []
    for file in site.rglob("*.html"):
        text = file.read_text()
        assert HOSTILE not in text
        assert Page(file).tags.count("script") == (0 if file.parent.name == "cards" else 1)
    assert "root:" not in "".join(file.read_text() for file in (site / "cards").iterdir())


def test_an_artifact_without_a_card_has_a_page_from_its_row(tmp_path: Path) -> None:
    name = next(iter(gallery.registry(1).artifacts))
    make(Workspace(gallery.write(tmp_path, gallery.registry(1))))
    page = (tmp_path / "site" / "cards" / f"{name}.html").read_text()
    assert "Its card is not in this zoo." in page
    assert f"doit build:{name}" in page
    assert "epyc-2c-24g-0a1b2c" in page


def test_the_figures_on_top_of_a_card_are_of_the_host_whose_figures_it_shows(committed: Path) -> None:
    """The first host that a card names is its own; others stand further down."""
    artifacts = json.loads((ROOT / "registry.json").read_bytes())["artifacts"]
    rows = {name: entry["versions"][str(entry["latest"])] for name, entry in artifacts.items()}
    hosts = {one["host"] for row in rows.values() for one in row["results"]}
    assert len(rows) > 80 and len(hosts) > 1
    for name in rows:
        page = (committed / "cards" / f"{name}.html").read_text(encoding="utf-8")
        card = (ROOT / "model_cards" / f"{name}.md").read_text(encoding="utf-8")
        host = next(told for told in re.findall(r"`([^`\n]+)`", card) if told in hosts)
        assert f"<dt>Host</dt><dd>{host}</dd>" in page, name


def test_what_stands_for_all_artifacts_stays_under_two_megabytes(tmp_path: Path) -> None:
    make(Workspace(gallery.write(tmp_path, gallery.registry(500))))
    site = tmp_path / "site"
    shared = [site / "index.html", site / "families.html", *(site / "assets").iterdir()]
    assert sum(file.stat().st_size for file in shared) < 2_000_000
    assert (site / "index.html").read_text().count('<th scope="row">') == 500
