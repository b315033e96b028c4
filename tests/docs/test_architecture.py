"""docs/architecture.md says of the layers what import-linter holds, and its picture can be read."""

from __future__ import annotations

import re
import tomllib
import xml.etree.ElementTree as ElementTree

from tests.support.browser import browser, require_chromium
from tests.support.zoo import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PICTURE = ROOT / "docs" / "architecture.svg"
OUTSIDE = """() => {
  const boxes = [...document.querySelectorAll('rect.box')].map(box => box.getBoundingClientRect());
  const between = (low, value, high) => low <= value && value <= high;
  const wide = (text, box) => between(box.left + 4, text.left, text.right) && text.right <= box.right - 4;
  const inside = (text, box) => wide(text, box) && box.top <= text.top && text.bottom <= box.bottom;
  const across = (text, box) => text.left < box.right && box.left < text.right;
  const meets = (text, box) => across(text, box) && text.top < box.bottom && box.top < text.bottom;
  return [...document.querySelectorAll('text')].filter(text => {
    const own = text.getBoundingClientRect();
    const named = text.closest('g') !== null;
    return named ? !boxes.some(box => inside(own, box)) : boxes.some(box => meets(own, box));
  }).map(text => text.textContent);
}"""
CONTRAST = """() => {
  const style = getComputedStyle(document.querySelector('svg'));
  const light = hex => [1, 3, 5].map(i => parseInt(hex.slice(i, i + 2), 16) / 255)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const colour = name => style.getPropertyValue(name).trim();
  return ['--ink', '--soft', '--made', '--judged'].map(name =>
    Math.min(ratio(colour(name), colour('--paper')), ratio(colour(name), colour('--box'))));
}"""


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def rows(text: str) -> list[list[str]]:
    """Cells of the table's rows, below its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_layers_are_those_of_import_linter_in_their_order() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    contract = next(contract for contract in config["contracts"] if contract["type"] == "layers")
    held = [{name.strip().removeprefix("zoosmith.") for name in layer.split("|")} for layer in contract["layers"]]
    assert [set(re.findall(r"`(\w+)`", cells[0])) for cells in rows(section("Layers"))] == held


def test_every_folder_of_the_package_is_a_layer() -> None:
    shown = {name for cells in rows(section("Layers")) for name in re.findall(r"`(\w+)`", cells[0])}
    homes = {path.parent.name for path in (ROOT / "zoosmith").glob("*/__init__.py")}
    modules = {path.stem for path in (ROOT / "zoosmith").glob("[!_]*.py")}
    assert homes | modules == shown


def test_what_the_pages_name_is_there() -> None:
    """Paths in code type, of the architecture and of SECURITY.md: below the repository, or below the package."""
    text = PAGE + (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[a-z_]+/)+[a-z]\w+\.(?:py|md|yaml))`", text))
    assert named
    assert {name for name in named if not any((home / name).exists() for home in (ROOT, ROOT / "zoosmith"))} == set()


def test_the_glossary_is_sorted_and_says_each_word_once() -> None:
    words = [cells[0] for cells in rows(section("Glossary"))]
    assert words == sorted(words, key=str.casefold)
    assert len(words) == len(set(words)) > 40
    assert {"action key", "family", "gate", "store", "tree", "watchdog", "worker"} <= set(words)


def test_the_picture_is_embedded_and_has_words_for_those_who_do_not_see_it() -> None:
    assert re.search(r"!\[[^\]]{40,}\]\(architecture\.svg\)", PAGE)
    names = {element.tag.partition("}")[2] for element in ElementTree.parse(PICTURE).getroot()}
    assert {"title", "desc"} <= names


def test_the_picture_keeps_its_words_in_their_boxes_and_reads_in_light_and_dark() -> None:
    require_chromium()
    with browser() as running:
        for scheme in ("light", "dark"):
            page = running.new_page(viewport={"width": 1000, "height": 540}, color_scheme=scheme)
            page.set_content(f"<body style='margin:0'>{PICTURE.read_text(encoding='utf-8')}")
            assert page.evaluate(OUTSIDE) == []
            assert min(page.evaluate(CONTRAST)) >= 4.5, scheme
            page.close()
