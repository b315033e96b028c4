"""What is drawn and asked, by kind; answers take turns, so that each is as frequent as the others."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from zoosmith.common.picture import Colour

SIDE = 64
WHITE: Colour = (255, 255, 255)
COLOURS: dict[str, Colour] = {
    "red": (220, 20, 20), "green": (20, 150, 40), "blue": (30, 60, 220), "yellow": (245, 215, 20),
    "orange": (250, 130, 10), "purple": (125, 30, 150), "black": (0, 0, 0), "white": WHITE,
}  # fmt: skip
PAINTS = tuple(name for name in COLOURS if name != "white")  # what is drawn on white
CORNERS = {"top left": (0, 0), "top right": (0, 1), "bottom left": (1, 0), "bottom right": (1, 1)}
MOST = 6
CELL, SQUARE = 21, 15  # nine cells of a picture, and the square within one


class Drawn(NamedTuple):
    """Rows of indices into a palette, what is asked of them, and what is right."""

    pixels: list[list[int]]
    palette: list[Colour]
    question: str
    answer: str


def color(draw: Random, i: int) -> Drawn:
    """One plain colour."""
    name = tuple(COLOURS)[i % len(COLOURS)]
    return Drawn(_plain(), [COLOURS[name]], "What color is this picture?", name)


def colors(draw: Random, i: int) -> Drawn:
    """Two colours, one in each half."""
    right = PAINTS[i % len(PAINTS)]
    other = draw.choice([name for name in PAINTS if name != right])
    half, first = draw.choice([("left", True), ("right", False)])
    palette = [COLOURS[right], COLOURS[other]] if first else [COLOURS[other], COLOURS[right]]
    pixels = [[0] * (SIDE // 2) + [1] * (SIDE // 2) for _ in range(SIDE)]
    return Drawn(pixels, palette, f"What color is the {half} half of this picture?", right)


def count(draw: Random, i: int) -> Drawn:
    """One to six squares of a colour on white."""
    number, name = i % MOST + 1, draw.choice(PAINTS)
    pixels = _plain()
    for cell in draw.sample(range(9), number):
        _square(pixels, *divmod(cell, 3))
    return Drawn(pixels, [WHITE, COLOURS[name]], f"How many {name} squares are in this picture?", str(number))


def position(draw: Random, i: int) -> Drawn:
    """A square in a corner."""
    corner, name = tuple(CORNERS)[i % len(CORNERS)], draw.choice(PAINTS)
    pixels, (down, across) = _plain(), CORNERS[corner]
    _square(pixels, 2 * down, 2 * across)
    asked = f"In which corner is the {name} square: top left, top right, bottom left or bottom right?"
    return Drawn(pixels, [WHITE, COLOURS[name]], asked, corner)


KINDS: dict[str, Callable[[Random, int], Drawn]] = {
    "color": color, "colors": colors, "count": count, "position": position,
}  # fmt: skip


def _plain() -> list[list[int]]:
    return [[0] * SIDE for _ in range(SIDE)]


def _square(pixels: list[list[int]], down: int, across: int) -> None:
    top, left = (place * CELL + (CELL - SQUARE) // 2 for place in (down, across))
    for row in pixels[top : top + SQUARE]:
        row[left : left + SQUARE] = [1] * SQUARE
