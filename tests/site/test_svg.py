"""Which drawings may lie beside a page: those that draw, and do nothing else when they are opened by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoosmith.site.svg import fault

ROOT = Path(__file__).parents[2]
SVG = "xmlns='http://www.w3.org/2000/svg' xmlns:x='http://www.w3.org/1999/xlink'"


def of(folder: Path, text: str) -> str | None:
    file = folder / "x.svg"
    file.write_text(text)
    return fault(file)


@pytest.mark.parametrize(
    "inside",
    [
        "<g id='a' transform='translate(1,2)'><path d='M0 0'/></g><use x:href='#a' style='fill: url(#b)'/>",
        "<style>@media print { .a { fill: url('#b') } }</style><title>a script</title>",
        "<image x:href='data:image/png;base64,AAAA'/>",
        "<text>onload=alert(1) &lt;script&gt; C:\\x</text>",
        "<metadata><r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/></metadata>",
    ],
)
def test_what_only_draws_passes(tmp_path: Path, inside: str) -> None:
    assert of(tmp_path, f"<?xml version='1.0'?><svg {SVG}>{inside}</svg>") is None


def test_the_drawings_of_our_cards_pass() -> None:
    files = sorted((ROOT / "model_cards").rglob("*.svg"))
    assert len(files) > 50
    assert {file.name: told for file in files if (told := fault(file))} == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"<svg {SVG}><script>alert(1)</script></svg>", "the element script"),
        ("<s:svg xmlns:s='http://www.w3.org/2000/svg'><s:script/></s:svg>", "the element script"),
        (f"<svg {SVG}><h:script xmlns:h='http://www.w3.org/1999/xhtml'/></svg>", "the element script"),
        (f"<svg {SVG} onload='alert(1)'/>", "the attribute onload"),
        (f"<svg {SVG}><rect OnClick='alert(1)'/></svg>", "the attribute onclick"),
        (f"<svg {SVG}><set attributeName='href' to='javascript:alert(1)'/></svg>", "the element set"),
        (f"<svg {SVG}><animate/></svg>", "the element animate"),
        (f"<svg {SVG}><foreignObject/></svg>", "the element foreignObject"),
        (f"<svg {SVG}><use x:href='https://a.example/x.svg#a'/></svg>", "the link https://a.example/x.svg#a"),
        (f"<svg {SVG}><image href='data:image/svg+xml;base64,AAAA'/></svg>", "the link data:image/svg+xml"),
        (f"<svg {SVG}><style>@import 'https://a.example/x.css';</style></svg>", "leads out of it"),
        (f"<svg {SVG}><style>a {{ fill: u\\72l(https://a.example) }}</style></svg>", "leads out of it"),
        (f"<svg {SVG}><rect fill='url(https://a.example/x)'/></svg>", "leads out of it"),
        (f"<?xml-stylesheet href='x.css'?><svg {SVG}/>", "processing instruction"),
        (f"<!DOCTYPE svg [<!ENTITY a '<script/>'>]><svg {SVG}>&a;</svg>", "the entity a"),
        ("<svg><p></svg>", "no XML"),
        ("", "no XML"),
    ],
)
def test_what_does_more_is_told(tmp_path: Path, text: str, told: str) -> None:
    assert told in (of(tmp_path, text) or "")
