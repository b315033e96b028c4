"""Drawings: every number is there as text, nothing covers anything, both schemes, the same bytes again."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.drawings import SVG, collisions, outside, parsed, size, texts
from tests.support.figures import FAMILY, LENGTHS, THREE, confusion, curves, line, pareto, point
from zoosmith import plots
from zoosmith.cards.figures import Figure, Point, Role
from zoosmith.plots.style import PALETTE

KEY = "0123456789abcdef" * 4
NAMES = ("fp32", "torch-int8", "onnx-fp32", "onnx-int8", "lora-r8", "qlora-nf4", "gguf-q8-0", "pruned-50")
EACH = pytest.mark.parametrize("figure", [FAMILY, LENGTHS, THREE], ids=["pareto", "curves", "confusion"])


@EACH
def test_the_same_figure_is_the_same_file(figure: Figure) -> None:
    assert plots.draw(figure, KEY) == plots.draw(figure, KEY)


def test_another_process_with_other_settings_draws_the_same(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 30\naxes.facecolor: red\nsvg.fonttype: path\n")
    code = (
        "import sys; from zoosmith import plots; from zoosmith.cards.figures import Pareto; "
        "sys.stdout.write(plots.draw(Pareto.model_validate_json(sys.argv[1]), sys.argv[2]))"
    )
    environment = {"MATPLOTLIBRC": str(tmp_path), "MPLCONFIGDIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", code, FAMILY.model_dump_json(), KEY]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == plots.draw(FAMILY, KEY)


@EACH
def test_both_schemes_and_no_stand_in_is_left(figure: Figure) -> None:
    drawn = plots.draw(figure, KEY)
    light, dark = drawn.split("@media (prefers-color-scheme: dark)")
    for name, colour in PALETTE.items():
        assert f"--{name}: {colour.light}" in light
        assert f"--{name}: {colour.dark}" in dark
        assert colour.drawn not in drawn
    used = {*re.findall(r"var\(--([a-z]+)\)", drawn)}
    assert {"paper", "ink", "soft"} <= used <= {*PALETTE}
    plain = re.sub(r"[a-z-]+: var\([^)]*\)", "", drawn.split("</style>")[1])
    assert {*re.findall("#[0-9a-f]{6}", plain)} <= {colour.light for colour in PALETTE.values()}


@EACH
def test_who_does_not_see_it_is_told_what_it_shows(figure: Figure) -> None:
    root = parsed(plots.draw(figure, KEY))
    assert root.attrib["role"] == "img"
    named = {element.attrib.get("id"): element.text for element in root}
    assert [named[id] for id in root.attrib["aria-labelledby"].split()] == [figure.title, figure.text]


@EACH
def test_no_version_no_date_no_font_of_this_machine(figure: Figure) -> None:
    import matplotlib

    drawn = plots.draw(figure, KEY)
    assert matplotlib.__version__ not in drawn
    assert "atplotlib" not in drawn
    assert "DejaVu" not in drawn
    assert not re.search(r"20\d\d-\d\d", drawn)
    assert parsed(drawn).attrib["font-family"].endswith("sans-serif")


@EACH
def test_text_is_text_and_nothing_covers_it(figure: Figure) -> None:
    drawn = plots.draw(figure, KEY)
    assert len(texts(drawn)) > 8
    assert collisions(drawn) == []
    assert outside(drawn) == []
    assert not list(parsed(drawn).iter(f"{SVG}script"))


def test_it_is_as_large_as_it_says_in_pixels() -> None:
    root = parsed(plots.draw(FAMILY, KEY))
    assert (root.attrib["width"], root.attrib["height"]) == ("460", "340")
    assert root.attrib["viewBox"] == "0 0 460 340"


def test_a_key_is_read_back_and_nothing_else_has_one(tmp_path: Path) -> None:
    file = tmp_path / "a.svg"
    assert plots.key_of(file) is None
    file.write_text(plots.draw(THREE, KEY))
    assert plots.key_of(file) == KEY
    file.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert plots.key_of(file) is None


def test_matplotlib_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from zoosmith.contract.errors import ZooError

    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ZooError, match=r"matplotlib, which is missing; pip install 'zoosmith\[build\]'"):
        plots.draw(FAMILY, KEY)


def test_importing_it_imports_nothing_heavy() -> None:
    code = "import sys, zoosmith.build.record_store; sys.exit(any(m in sys.modules for m in ('matplotlib', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_family_stands_beside_its_points() -> None:
    told = texts(plots.draw(FAMILY, KEY))
    assert {"onnx-int8", "torch-int8", "onnx-fp32", "fp32 (reference)", "Pareto front"} <= {*told}
    assert "names.macro_f1, higher is better; bars: 95 % interval" in told
    assert {"0.92", "0.93", "0.94", "1", "2", "5"} <= {*told}


def test_the_artifact_and_the_reference_differ_without_colour() -> None:
    drawn = plots.draw(FAMILY, KEY)
    assert drawn.count("font-weight: 700") == 2, "the title and the artifact"
    dashes = re.findall(r"stroke-dasharray: ([^;]+);", plots.draw(LENGTHS, KEY))
    assert len(dashes) == 1, "the reference alone"


@pytest.mark.parametrize(
    "points",
    [
        [point("only", role="this")],
        [point("a", role="this"), point("b", role="reference"), point("c"), point("d")],
        [point("a", 1e-7, 1e-9, 1e-9, role="this"), point("b", 3e-7, 2e-9, 0)],
        [point("a", 0.0, 0.0, 0.0, role="this"), point("b", 0.0, 1.0, 0.0)],
        [point("x" * 90, 1.0, role="this"), point("y" * 90, 1.1, role="reference")],
    ],
    ids=["alone", "equal", "tiny", "nothing", "long"],
)
def test_odd_families(points: list[Point]) -> None:
    drawn = plots.draw(pareto(*points), KEY)
    assert collisions(drawn) == []
    assert outside(drawn) == []


SHARE = st.floats(0, 1).map(lambda share: round(share, 6))  # as records keep it


@given(st.lists(st.tuples(st.floats(0.05, 900), SHARE, st.floats(0, 0.1)), min_size=2, max_size=8))
@settings(max_examples=25, deadline=None)
def test_no_name_of_a_family_covers_another(figures: list[tuple[float, float, float]]) -> None:
    roles: list[Role] = ["this", "reference", *["sibling"] * 6]
    points = [
        point(name, *figure, role=role) for name, role, figure in zip(NAMES, roles, figures, strict=False)
    ]  # fmt: skip
    drawn = plots.draw(pareto(*points), KEY)
    assert collisions(drawn) == []
    assert outside(drawn) == []
    assert {*NAMES[2 : len(points)]} <= {*texts(drawn)}


def many() -> list[Point]:
    """29 artifacts, as a family of this zoo has them."""
    rest = [point(f"sibling-{i}", 1.5 + i, 0.86 + 0.001 * (i % 7), front=False) for i in range(25)]
    front = [point("quick", 1.1, 0.889), point("middle", 3.3, 0.893)]
    return [point("here", 8.0, 0.896, role="this"), point("fp32", 12.6, 0.896, role="reference"), *front, *rest]


def test_of_many_artifacts_this_one_the_reference_and_the_front_are_named() -> None:
    drawn = plots.draw(pareto(*many()), KEY)
    told = {*texts(drawn)}
    assert {"here", "fp32 (reference)", "quick", "middle"} <= told
    assert not [text for text in told if text.startswith("sibling")]
    assert "small: the rest of the family" in told
    assert collisions(drawn) == []
    assert outside(drawn) == []
    few = {*texts(plots.draw(pareto(*many()[:9]), KEY))}
    assert {f"sibling-{i}" for i in range(5)} <= few


def test_curves_name_themselves_at_their_ends() -> None:
    told = texts(plots.draw(LENGTHS, KEY))
    assert {"onnx-int8", "fp32 (reference)", "tokens", "8", "16", "32", "64"} <= {*told}


@given(
    st.lists(st.floats(1e-4, 1e5), min_size=1, max_size=8),
    st.lists(st.floats(1e-4, 1e5), min_size=1, max_size=8),
    st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_any_curves(one: list[float], two: list[float], p95: bool) -> None:
    drawn = plots.draw(curves(line("onnx-int8", "this", *one, p95=p95), line("fp32", "reference", *two, p95=p95)), KEY)
    assert collisions(drawn) == []
    assert outside(drawn) == []


def test_a_throughput_of_nothing_is_drawn() -> None:
    assert "onnx-int8" in texts(plots.draw(curves(line("onnx-int8", "this", 0.0, p95=False)), KEY))


def test_every_count_stands_in_its_cell() -> None:
    told = texts(plots.draw(THREE, KEY))
    for row in THREE.counts:
        for count in row:
            assert str(count) in told
            assert f"{count / sum(row):.1%}" in told
    assert [told.count(label) for label in THREE.labels] == [2, 2, 2]


def test_twenty_classes_have_room_for_their_counts() -> None:
    labels = tuple(f"a class of its own, number {i}" for i in range(20))
    counts = [[1000 + i if i == j else i * j for j in range(20)] for i in range(20)]
    drawn = plots.draw(confusion(labels, counts), KEY)
    assert {str(count) for row in counts for count in row} <= {*texts(drawn)}
    assert collisions(drawn) == []
    assert outside(drawn) == []
    assert 600 < size(drawn).right < 1000


@pytest.mark.parametrize(
    "label", ["<script>alert(1)</script>", "</text><a href='x'>", "&amp;", "$x^2$", "]]>", "--><!--"]
)
def test_a_label_is_text_whatever_is_in_it(label: str) -> None:
    plain = plots.draw(confusion(("plain", "other")), KEY)
    drawn = plots.draw(confusion((label, "other")), KEY)
    assert [e.tag for e in parsed(drawn).iter()] == [e.tag for e in parsed(plain).iter()]
    short = [told for told in texts(drawn) if told.endswith("…")]
    assert label in texts(drawn) or all(label.startswith(told[:-1]) for told in short[:2])


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_any_labels(labels: list[str]) -> None:
    drawn = plots.draw(confusion(tuple(labels)), KEY)
    assert len([told for told in texts(drawn) if told == "90"]) == len(labels)
    assert collisions(drawn) == []
    assert outside(drawn) == []


def test_a_class_without_examples_is_drawn() -> None:
    assert texts(plots.draw(confusion(("a", "b"), [[0, 0], [0, 5]]), KEY)).count("0.0%") == 3


def luminance(colour: str) -> float:
    """Source: WCAG 2.2, relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(part * share for part, share in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


@pytest.mark.parametrize("scheme", [1, 2], ids=["light", "dark"])
def test_contrast_is_what_accessibility_asks_for(scheme: int) -> None:
    """Source: WCAG 2.2, criteria 1.4.3 (text, 4.5) and 1.4.11 (graphics, 3)."""
    from zoosmith.plots.confusion import DARKEST

    values = {name: colour[scheme] for name, colour in PALETTE.items()}
    mixed = [
        round(int(values["cell"][i : i + 2], 16) * DARKEST + int(values["paper"][i : i + 2], 16) * (1 - DARKEST))
        for i in (1, 3, 5)
    ]
    for one, other, least in (
        (values["ink"], values["paper"], 4.5),
        (values["soft"], values["paper"], 4.5),
        (values["ink"], "#" + "".join(f"{part:02x}" for part in mixed), 4.5),
        *((values[name], values["paper"], 3.0) for name in ("this", "reference", "sibling")),
    ):
        dark, light = sorted((luminance(one), luminance(other)))
        assert (light + 0.05) / (dark + 0.05) >= least, (one, other)


def test_the_front_is_a_staircase() -> None:
    from matplotlib.figure import Figure as Canvas

    from zoosmith.plots.pareto import _front

    ax = Canvas().add_subplot()
    ax.set(xlim=(0, 10), ylim=(0, 1))
    corners = _front(ax, pareto(point("a", 1, 0.5), point("b", 4, 0.8), point("c", 6, 0.7, front=False)))
    assert corners == [(1, 0), (1, 0), (1, 0.5), (4, 0.5), (4, 0.8), (10, 0.8)]
    less = pareto(point("a", 1, 0.5), point("b", 4, 0.2), point("c", 6, 0.3, front=False), unit="nats", better="lower")
    down = _front(ax, less)
    assert down == [(1, 1), (1, 1), (1, 0.5), (4, 0.5), (4, 0.2), (10, 0.2)], "it comes down from the worse side"
    assert all(a[0] == b[0] or a[1] == b[1] for each in (corners, down) for a, b in pairwise(each))


def test_the_axis_says_which_direction_is_better() -> None:
    assert any("names.macro_f1, higher is better" in text for text in texts(plots.draw(FAMILY, KEY)))
    less = pareto(point("a", 1, 0.5), point("b", 4, 0.2), unit="nats", better="lower")
    assert any("names.macro_f1 in nats, lower is better" in text for text in texts(plots.draw(less, KEY)))
