"""Plots are drawn when something changed, and only then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.figures import FAMILY, THREE
from zoosmith import plots
from zoosmith.build import plotting
from zoosmith.build.plotting import write_plots
from zoosmith.cards.figures import Figure

FIGURES: dict[str, Figure] = {"pareto": FAMILY, "confusion-names": THREE}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_plots(tmp_path / "toy-a", FIGURES)
    return tmp_path / "toy-a"


def test_each_figure_is_a_file(tmp_path: Path) -> None:
    changed = write_plots(tmp_path, FIGURES)
    assert changed == [tmp_path / "pareto.svg", tmp_path / "confusion-names.svg"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["confusion-names.svg", "pareto.svg"]


def test_what_is_up_to_date_is_neither_drawn_nor_touched(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    monkeypatch.setattr(plots, "draw", lambda figure, key: pytest.fail("nothing has changed"))
    assert write_plots(folder, FIGURES) == []
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_one_number_that_changed_draws_one_plot(folder: Path) -> None:
    other = THREE.model_copy(update={"counts": ((451, 16, 33), *THREE.counts[1:])})
    assert write_plots(folder, FIGURES | {"confusion-names": other}) == [folder / "confusion-names.svg"]
    assert ">451<" in (folder / "confusion-names.svg").read_text()


@pytest.mark.parametrize("harm", ["", "<svg", '<svg data-figure="00"/>'])
def test_a_file_that_is_no_plot_of_ours_is_drawn_again(folder: Path, harm: str) -> None:
    whole = (folder / "pareto.svg").read_bytes()
    (folder / "pareto.svg").write_text(harm)
    assert write_plots(folder, FIGURES) == [folder / "pareto.svg"]
    assert (folder / "pareto.svg").read_bytes() == whole


def test_other_drawing_code_draws_all(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = plotting.code_digests
    monkeypatch.setattr(plotting, "code_digests", lambda *files: real(*files) | {"zoosmith.plots.style": "other"})
    assert len(write_plots(folder, FIGURES)) == 2


def test_code_that_draws_nothing_does_not_count(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = plotting.code_digests
    monkeypatch.setattr(plotting, "code_digests", lambda *files: real(*files) | {"zoosmith.records.schema": "other"})
    assert write_plots(folder, FIGURES) == []


def test_a_plot_that_is_no_longer_there_to_draw_is_removed(folder: Path) -> None:
    (folder / "note.txt").write_text("not ours")
    assert write_plots(folder, {"pareto": FAMILY}) == [folder / "confusion-names.svg"]
    assert sorted(path.name for path in folder.iterdir()) == ["note.txt", "pareto.svg"]


def test_without_figures_no_folder_is_made(tmp_path: Path) -> None:
    assert write_plots(tmp_path / "none", {}) == []
    assert not (tmp_path / "none").exists()


def test_looking_whether_anything_changed_imports_no_matplotlib(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.support.figures import FAMILY, THREE; "
        "from zoosmith.build.plotting import write_plots; "
        "done = write_plots(Path(sys.argv[1]), {'pareto': FAMILY, 'confusion-names': THREE}); "
        "sys.exit(bool(done) or 'matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(folder)], check=False).returncode == 0
