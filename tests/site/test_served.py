"""The folder on a web server, below a path of its own as GitHub Pages serves it, and nothing but the folder."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit
from urllib.request import urlopen

from tests.site.test_make import Page
from tests.support.zoo import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BELOW = "/user/zoo/"


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder below BELOW; anything else is not there."""

    def translate_path(self, path: str) -> str:
        """The file for a path."""
        inside = path.startswith(BELOW)
        return super().translate_path(path.removeprefix(BELOW.rstrip("/"))) if inside else "/nonexistent"

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of the folder."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{BELOW}"
    finally:
        server.shutdown()
        server.server_close()


def crawled(start: str, scratch: Path) -> dict[str, int]:
    """The status of every page and asset that can be reached from `start`, by address."""
    found: dict[str, int] = {}
    waiting = [start]
    while waiting:
        address = waiting.pop()
        if address in found:
            continue
        try:
            with urlopen(address) as answer:
                found[address], body = answer.status, answer.read()
        except HTTPError as error:
            found[address] = error.code
            continue
        if urlsplit(address).path.endswith((".html", "/")):
            file = scratch / "page.html"
            file.write_bytes(body)
            links = Page(file).links
        else:
            links = re.findall(r"url\(['\"]?([^'\")]+)", body.decode("utf-8", "replace")) if ".css" in address else []
        for link in links:
            target = urljoin(address, link).partition("#")[0]
            if urlsplit(target).netloc == urlsplit(start).netloc:
                waiting.append(target)
    return found


def test_every_link_and_asset_of_this_zoo_is_found_below_the_path(committed: Path, tmp_path: Path) -> None:
    with served(committed) as start:
        found = crawled(start, tmp_path)
    assert {address: status for address, status in found.items() if status != 200} == {}
    paths = {urlsplit(address).path for address in found}
    assert all(path.startswith(BELOW) for path in paths)
    pages = {f"{BELOW}{file.relative_to(committed).as_posix()}" for file in committed.rglob("*.html")}
    assert pages <= paths, "and no page is an orphan"
    assert len([path for path in paths if path.startswith(f"{BELOW}families/")]) >= 7
    assert {path.rpartition(".")[2] for path in paths} >= {"css", "js", "svg"}


def test_a_link_from_the_root_would_be_seen(few: Path, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text('<a href="/index.html">x</a><a href="gone.html">y</a>')
    with served(tmp_path / "site") as start:
        assert sorted(crawled(start, tmp_path).values()) == [200, 404, 404]


def test_nothing_of_the_folder_is_left_out_by_jekyll(committed: Path) -> None:
    assert (committed / ".nojekyll").is_file()


def test_the_committed_folder_is_ready_to_serve(tmp_path: Path) -> None:
    with served(ROOT / "site") as start:
        found = crawled(start, tmp_path)
    assert {address: status for address, status in found.items() if status != 200} == {}


def test_its_script_runs_there_and_nothing_is_asked_of_anyone_else(chrome: Browser, committed: Path) -> None:
    window = chrome.new_context(viewport={"width": 1280, "height": 900})
    page = window.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    with served(committed) as start:
        page.on("request", lambda asked: None if asked.url.startswith((start, "data:")) else faults.append(asked.url))
        page.goto(start)
        assert page.locator("#filters").is_visible()
        page.get_by_role("link", name="Families").click()
        page.get_by_role("link", name="minilm-sst2", exact=True).click()
        page.locator(".dot.best").first.focus()
        assert page.locator(".tip").is_visible()
        window.close()
    assert faults == []
