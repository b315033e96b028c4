"""Whether a drawing that goes with a card only draws: opened by itself, an SVG may run what it holds as a page does.

Elements and attributes are those of SVG 1.1 (<https://www.w3.org/TR/SVG11/>) that draw and name; all else is refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.parsers import expat

MAX_BYTES = 16 << 20
SPACES = ("", "http://www.w3.org/2000/svg")
INERT = (  # what drawing programs write into <metadata>
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "http://purl.org/dc/elements/1.1/",
    "http://creativecommons.org/ns#",
)
DRAW = "svg g defs symbol use path rect circle ellipse line polyline polygon text tspan textPath image style"
NAME = "title desc metadata"
PAINT = "clipPath mask pattern marker linearGradient radialGradient stop filter"
FILTER = "feGaussianBlur feOffset feBlend feMerge feMergeNode feColorMatrix feFlood feComposite"
ELEMENTS = frozenset(f"{DRAW} {NAME} {PAINT} {FILTER}".split())
PICTURE = re.compile(r"data:image/(png|jpeg|webp|gif);base64,[A-Za-z0-9+/=\s]*")
LEADS_OUT = re.compile(r"@import|\\|url\((?!\s*['\"]?#)", re.IGNORECASE)


def fault(file: Path) -> str | None:
    """What an SVG file holds beside a drawing, such as `the element script`; None where it only draws."""
    data = file.read_bytes()
    if len(data) > MAX_BYTES:
        return f"more than {MAX_BYTES >> 20} MiB"
    judge = _Judge()
    try:
        judge.parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        return f"no XML that can be read ({error})"
    return judge.fault or _of_style("".join(judge.text))


class _Judge:
    """Takes the events of a parser and keeps the first fault."""

    def __init__(self) -> None:
        self.fault: str | None = None
        self.text: list[str] = []
        self.styles = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.ProcessingInstructionHandler = self._instruction
        self.parser.EntityDeclHandler = self._entity

    def _found(self, what: str | None) -> None:
        self.fault = self.fault or what

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        space, _, name = tag.rpartition(" ")
        if space not in (*SPACES, *INERT) or (space in SPACES and name not in ELEMENTS):
            self._found(f"the element {name}")
        self.styles += name == "style"
        for attribute, value in attributes.items():
            self._found(_of_attribute(attribute.rpartition(" ")[2].lower(), value, name))

    def _end(self, tag: str) -> None:
        self.styles -= tag.rpartition(" ")[2] == "style"

    def _characters(self, text: str) -> None:
        if self.styles:
            self.text.append(text)

    def _instruction(self, target: str, _data: str) -> None:
        self._found(f"the processing instruction {target}")

    def _entity(self, name: str, *_more: Any) -> None:
        self._found(f"the entity {name}")


def _of_attribute(name: str, value: str, element: str) -> str | None:
    if name.startswith("on"):
        return f"the attribute {name}"
    if name in ("href", "src"):
        inside = value.startswith("#") or (element == "image" and PICTURE.fullmatch(value))
        return None if inside else f"the link {value[:80]}"
    return _of_style(value) if name == "style" or "(" in value else None


def _of_style(text: str) -> str | None:
    found = LEADS_OUT.search(text)
    return f"a style that leads out of it, {found[0]}" if found else None
