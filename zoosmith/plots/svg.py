"""From a drawing of matplotlib to a file: colours that follow the reader's scheme, title and description, key.

Sources: SVG 2, sections 5.7 (title, desc) and 6; CSS Custom Properties Level 1; Media Queries Level 5,
prefers-color-scheme. A viewer that knows no variables takes the light colour, which stands before each variable.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from zoosmith.plots.style import PALETTE, plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"
STAND_INS = {colour.drawn: name for name, colour in PALETTE.items()}
COORDINATES = ("d", "transform", "x", "y", "width", "height", "points", "cx", "cy", "r")


def printed(figure: Figure) -> str:
    """The drawing as matplotlib writes it, without date and version."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return out.getvalue()


def finish(drawing: str, *, title: str, text: str, key: str, halo: bool = False) -> str:
    """The drawing with both schemes, a title and a description, its size in CSS pixels, and `key` on its root.

    With `halo`, text keeps lines that it crosses at a distance.
    """
    root = ET.fromstring(drawing)  # noqa: S314  (matplotlib wrote it a moment ago)
    _, _, width, height = root.attrib["viewBox"].split()
    root.attrib.clear()
    names = {"title": f"title-{key[:12]}", "desc": f"desc-{key[:12]}"}  # unlike others', should a page hold several
    root.attrib |= {"data-figure": key, "role": "img", "aria-labelledby": " ".join(names.values())}
    root.attrib |= {"width": width, "height": height, "viewBox": f"0 0 {width} {height}", "font-family": FONT}
    for element in [*root]:
        if element.tag.endswith("defs") and element.find(f"{{{SVG}}}style") is not None:
            root.remove(element)  # one rule, which stands in ours
    used = set(re.findall(r"#([\w-]+)", " ".join(value for e in root.iter() for value in e.attrib.values())))
    for element in root.iter():
        _tidy(element, used)
    root.text = "\n"
    for tag, body in reversed((("title", plain(title)), ("desc", plain(text)), ("style", _css(halo)))):
        made = ET.Element(f"{{{SVG}}}{tag}", {"id": names[tag]} if tag in names else {})
        made.text, made.tail = body, "\n"
        root.insert(0, made)
    return _text(root)


def _tidy(element: ET.Element, used: set[str]) -> None:
    """Drop what nothing needs; shorten numbers; put variables in the place of stand-ins."""
    if element.attrib.get("id") not in used:
        element.attrib.pop("id", None)
    if element.attrib.get("transform", "").startswith("rotate(-0 "):
        del element.attrib["transform"]
    for name in COORDINATES:
        if name in element.attrib:
            element.attrib[name] = re.sub(r"-?\d+\.\d+(?:e-?\d+)?", _short, element.attrib[name])
    if "style" in element.attrib:
        style = re.sub(r"font-family: [^;]+; ?", "", element.attrib["style"])  # the root's, which viewers have
        element.attrib["style"] = re.sub(r"([a-z-]+): (#[0-9a-f]{6})\b", _coloured, style)


def _short(match: re.Match[str]) -> str:
    """A hundredth of a pixel is enough, and the same wherever it was computed."""
    text = f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _coloured(match: re.Match[str]) -> str:
    name = STAND_INS.get(match[2])
    if name is None:
        return match[0]
    return f"{match[1]}: {PALETTE[name].light}; {match[1]}: var(--{name})"


def _css(halo: bool) -> str:
    def scheme(index: int) -> str:
        return "; ".join(f"--{name}: {colour[index]}" for name, colour in PALETTE.items())

    return (
        f"\nsvg {{ {scheme(1)} }}\n"
        f"@media (prefers-color-scheme: dark) {{ svg {{ {scheme(2)} }} }}\n"
        "* { stroke-linejoin: round; stroke-linecap: butt }\n"
        + ("text { paint-order: stroke; stroke: var(--paper); stroke-width: 4px }\n" if halo else "")
    )


def _text(root: ET.Element) -> str:
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", XLINK)
    return ET.tostring(root, encoding="unicode") + "\n"
