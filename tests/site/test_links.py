"""Where a card's links lead, and which files go with it: none from outside the cards' folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoosmith.site.links import Links


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cards = tmp_path / "model_cards"
    (cards / "plots" / "toy").mkdir(parents=True)
    (cards / "plots" / "toy" / "speed.svg").write_text("<svg/>")
    (cards / "plots" / "toy" / "with space.png").write_bytes(b"png")
    (cards / "page.html").write_text("<script>alert(1)</script>")
    (tmp_path / "secret.txt").write_text("secret")
    (cards / "leak.txt").symlink_to(tmp_path / "secret.txt")
    (cards / "away").symlink_to(tmp_path)
    return cards


def test_cards_become_pages_and_files_below_the_folder_go_along(folder: Path) -> None:
    links = Links(folder, {"toy-fp32.md": "toy-fp32.html"})
    assert links("toy-fp32.md#use") == "toy-fp32.html#use"
    assert links("plots/toy/speed.svg") == "plots/toy/speed.svg"
    assert links("plots/toy/with%20space.png") == "plots/toy/with%20space.png"
    assert links("https://a.example/x.svg") == "https://a.example/x.svg"
    assert links("#use") == "#use"
    assert {name: path.name for name, path in links.files.items()} == {
        "plots/toy/speed.svg": "speed.svg", "plots/toy/with space.png": "with space.png"
    }  # fmt: skip


@pytest.mark.parametrize(
    "target",
    [
        "../secret.txt", "plots/../../secret.txt", "%2e%2e/secret.txt", "..%2Fsecret.txt", "/etc/passwd", "leak.txt",
        "away/secret.txt", "page.html", "plots/toy", "absent.svg", "file:///etc/passwd", "//host/x.svg", "", "con.svg",
        "other.md", "C:\\secret.txt", "plots\\toy\\speed.svg",
    ],
)  # fmt: skip
def test_nothing_else_is_followed(folder: Path, target: str) -> None:
    links = Links(folder, {})
    assert links(target) is None
    assert links.files == {}


@pytest.mark.parametrize(
    "wrong",
    [
        "<script>alert(1)</script>",
        "<a href='javascript:alert(1)'><rect/></a>",
        "<foreignObject><p/></foreignObject>",
    ],
)
def test_a_drawing_that_runs_something_is_left_out_and_told(folder: Path, wrong: str) -> None:
    drawing = folder / "plots" / "toy" / "speed.svg"
    drawing.write_text(f"<svg xmlns='http://www.w3.org/2000/svg'>{wrong}</svg>")
    links = Links(folder, {})
    assert links("plots/toy/speed.svg") is None
    assert links("plots/toy/speed.svg") is None
    assert links.files == {}
    assert list(links.refused) == ["plots/toy/speed.svg"]
