"""What the gallery costs with 500 artifacts: bytes, seconds to make it, milliseconds for a key in its filter.

    python -m benchmarks.site [--artifacts 500] [--runs 20] [--json benchmarks/results/site.json]

Bytes are those of index.html, families.html and assets/, which stand for all artifacts at once; the cards, one page
an artifact, are counted apart. Times of filter and sort are taken in the page, from the event until layout is done, in
headless Chromium without a screen. Goals: 2 MB, and 50 ms for a key.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.support import gallery
from tests.support.browser import MISSING, browser, chromium
from zoosmith.bench.host import this_host
from zoosmith.build.workspace import Workspace
from zoosmith.site.make import make

GOALS = {"bytes of index and assets": 2_000_000, "filter, ms a key": 50.0}
TEXTS = ["o", "on", "onn", "onnx", "onnx i"]
FILTER = """text => {
  const field = document.querySelector("[name=q]"), start = performance.now();
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  document.body.getBoundingClientRect();
  return performance.now() - start;
}"""
SORT = """key => {
  const start = performance.now();
  document.querySelector(`th[data-key=${key}] button`).click();
  document.body.getBoundingClientRect();
  return performance.now() - start;
}"""


def size(*paths: Path) -> int:
    """Bytes of files, and of all files in folders."""
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*"))]
    return sum(file.stat().st_size for file in files if file.is_file())


def milliseconds(index: Path, runs: int) -> dict[str, list[float]]:
    """In a page that stays open: each key of a word, and a click on two columns, `runs` times."""
    with browser() as chrome:
        page = chrome.new_page(viewport={"width": 1280, "height": 900})
        start = time.perf_counter()
        page.goto(index.as_uri())
        opened = (time.perf_counter() - start) * 1000
        page.evaluate(FILTER, "warm-up")
        found: dict[str, list[float]] = {"open, ms": [opened]}
        for _ in range(runs):
            for text in TEXTS:
                found.setdefault("filter, ms a key", []).append(page.evaluate(FILTER, text))
            found.setdefault("filter cleared, ms", []).append(page.evaluate(FILTER, ""))
            for key in ("size", "name"):
                found.setdefault("sort, ms", []).append(page.evaluate(SORT, key))
    return found


def measure(artifacts: int, runs: int) -> dict[str, list[float]]:
    """Every figure by name, with all its values."""
    card = (gallery.ROOT / "model_cards" / "minilm-names-onnx-int8.md").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        root = gallery.write(
            Path(folder), gallery.registry(artifacts), card=card.replace("minilm-names-onnx-int8", "NAME")
        )
        start = time.perf_counter()
        make(Workspace(root))
        made = time.perf_counter() - start
        site = root / "site"
        shared = size(site / "index.html", site / "families.html", site / "assets")
        found = {"bytes of index and assets": [shared], "bytes of cards": [size(site / "cards")], "make, s": [made]}
        return found | milliseconds(site / "index.html", runs)


def summary(values: list[float]) -> dict[str, float]:
    """n, median and ends."""
    ends = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {"n": len(values)} | {name: round(value, 2) for name, value in ends.items()}


def main() -> int:
    """Print the table; exit 1 where a goal is missed."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--artifacts", type=int, default=500)
    options.add_argument("--runs", type=int, default=20)
    options.add_argument("--json", type=Path)
    given = options.parse_args()
    if chromium() is None:
        print(MISSING, file=sys.stderr)
        return 1
    found = measure(given.artifacts, given.runs)
    host = this_host()
    print(f"host {host.id}: {host.cpu}, {host.cores} cores, load average {os.getloadavg()[0]:.1f}")
    print(f"{given.artifacts} artifacts; median (min to max)")
    missed = 0
    for name, values in found.items():
        goal, median = GOALS.get(name), statistics.median(values)
        missed += goal is not None and median > goal
        verdict = "" if goal is None else f"  goal {goal:,g}: {'met' if median <= goal else 'MISSED'}"
        print(f"  {name:<28}{median:14,.1f} ({min(values):,.1f} to {max(values):,.1f}){verdict}")
    if given.json:
        short = {name: summary(values) for name, values in found.items()}
        about = {"host": host.model_dump(mode="json"), "load_average": round(os.getloadavg()[0], 1)}
        body = about | {"artifacts": given.artifacts, "found": short}
        given.json.write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
