"""Write the site: made aside, then put in place in one step. What is there is never half old and half new."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from zoosmith.build.workspace import Workspace
from zoosmith.common.canonical import digest
from zoosmith.contract.errors import ZooError
from zoosmith.execution.display import Display
from zoosmith.site import pages
from zoosmith.site.collect import HERE, collect, fingerprint
from zoosmith.site.links import Links
from zoosmith.store.files import copy_file, replace_folder
from zoosmith.store.locks import flock

FOLDER = "site"
MARKER = "made-by-zoosmith.json"  # tells our folder from someone's own, and what it was made from
NO_JEKYLL = ".nojekyll"  # GitHub Pages otherwise leaves out files whose names begin with an underscore
ASSETS = ("gallery.css", "gallery.js")


def make(workspace: Workspace) -> str:
    """Make the site below `site/` unless it is up to date; return where it is and what it holds.

    Raises ZooError where nothing is registered, or where a folder `site` is there that is not ours.
    """
    target = workspace.record_root / FOLDER
    with _locked(workspace, target):
        inputs = fingerprint(workspace)
        told = read_marker(target)
        if told is None or told.inputs != inputs:
            told = _make(workspace, target, inputs)
    return f"{target / 'index.html'} ({told.artifacts} artifacts, {told.bytes / 1e6:.1f} MB)"


@contextmanager
def _locked(workspace: Workspace, target: Path) -> Iterator[None]:
    """One writer at a time; leftovers of one that was killed are removed."""
    with flock(workspace.artifacts / ".store" / "locks" / f"site-{digest(str(target))[:8]}.lock"):
        for left in target.parent.glob(f".{FOLDER}.*"):
            if re.fullmatch("[a-z0-9_]{8}", left.name.rpartition(".")[2]):  # as tempfile makes them
                shutil.rmtree(left, ignore_errors=True)
        yield


class Told(NamedTuple):
    """What a site says of itself: digest of its inputs, how many artifacts, bytes of all its files."""

    inputs: str
    artifacts: int
    bytes: int


def read_marker(target: Path) -> Told | None:
    """What the site in `target` says; None where there is none. Raises ZooError where the folder is not ours."""
    if not target.exists() and not target.is_symlink():
        return None
    refusal = f"{target} is there and was not made by `doit site`: expected a folder with {MARKER}; move it away first"
    if target.is_symlink():
        raise ZooError(refusal)
    try:
        told = Told(**json.loads((target / MARKER).read_bytes()))
    except (OSError, ValueError, TypeError):
        raise ZooError(refusal) from None
    return told if (target / "index.html").is_file() else None


def _make(workspace: Workspace, target: Path, inputs: str) -> Told:
    site = pages.Site.of(collect(workspace))
    fresh = Path(tempfile.mkdtemp(prefix=f".{FOLDER}.", dir=target.parent))
    fresh.chmod(0o755)
    display = Display()
    try:
        _write(site, fresh, display)
        size = sum(path.stat().st_size for path in fresh.rglob("*") if path.is_file())
        told = Told(inputs, len(site.record.registry.artifacts), size)
        (fresh / MARKER).write_text(json.dumps(told._asdict(), indent=2) + "\n", encoding="utf-8")
        replace_folder(fresh, target)
    finally:
        display.close()
        shutil.rmtree(fresh, ignore_errors=True)
    return told


def _write(site: pages.Site, fresh: Path, display: Display) -> None:
    templates = pages.environment()
    for folder in ("cards", "families", "assets"):
        (fresh / folder).mkdir()
    (fresh / NO_JEKYLL).touch()
    for name in ASSETS:
        shutil.copyfile(HERE / "assets" / name, fresh / "assets" / name)
    (fresh / "index.html").write_text(pages.index(templates, site), encoding="utf-8")
    (fresh / "families.html").write_text(pages.families(templates, site), encoding="utf-8")
    for name, html in pages.family_pages(templates, site):
        (fresh / "families" / name).write_text(html, encoding="utf-8")
    links = Links(site.record.cards, pages.pages_of(site.record.items))
    line = display.start("site")
    for done, (name, html) in enumerate(pages.cards(templates, site, links), 1):
        (fresh / "cards" / name).write_text(html, encoding="utf-8")
        display.update(line, {"done": done, "total": len(site.record.items), "text": "cards"})
    for name, fault in links.refused.items():
        display.say(f"model_cards/{name} is left out: it holds {fault}, and a page of strangers may run what it opens")
    for name, source in links.files.items():
        copy_file(source, fresh / "cards" / name)
    display.finish(line, "done")
