"""What an SVG says and shows, read back out of the file."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import NamedTuple

from zoosmith.plots import style
from zoosmith.plots.labels import Box

SVG = "{http://www.w3.org/2000/svg}"


class Written(NamedTuple):
    """A line of text and the box that it takes, where it is level."""

    text: str
    box: Box
    level: bool


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def size(svg: str) -> Box:
    """The whole drawing."""
    _, _, width, height = map(float, parsed(svg).attrib["viewBox"].split())
    return Box(0, 0, width, height)


def written(svg: str) -> list[Written]:
    """Every text of the drawing, in the font that it was laid out in."""
    with style.look():
        return [_written(element) for element in parsed(svg).iter(f"{SVG}text")]


def _written(element: ET.Element) -> Written:
    told = dict(re.findall(r"([a-z-]+): ([^;]+)", element.attrib["style"]))
    points, text = float(told["font-size"].removesuffix("px")), "".join(element.itertext())
    wide = style.width(text, points, bold=told.get("font-weight") == "700")
    x, y = float(element.attrib["x"]), float(element.attrib["y"])
    left = x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[told["text-anchor"]]
    return Written(text, Box(left, y - points * 0.75, left + wide, y + points * 0.2), "transform" not in element.attrib)


def texts(svg: str) -> list[str]:
    return [each.text for each in written(svg)]


def collisions(svg: str) -> list[tuple[str, str]]:
    """Level texts that cover each other."""
    level = [each for each in written(svg) if each.level]
    return [(a.text, b.text) for i, a in enumerate(level) for b in level[:i] if a.box.overlaps(b.box)]


def outside(svg: str) -> list[str]:
    """Level texts that leave the drawing."""
    return [each.text for each in written(svg) if each.level and not each.box.within(size(svg).grown(0.5))]
