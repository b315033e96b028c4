"""registry.json: additive, sorted, the same whatever the order."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest

from tests.support import records
from tests.support.rows import EXPECTED, NAME, NAMES, book, made
from tests.support.zoo import ROOT
from zoosmith.common.canonical import pretty
from zoosmith.contract.errors import ZooError
from zoosmith.recipes.schema import Gate
from zoosmith.records import registry
from zoosmith.records.gates import evaluate
from zoosmith.records.registry import Registry, parse, to_text
from zoosmith.records.rows import merged, row

SCHEMA = registry.json_schema()
EDITOR = jsonschema.Draft202012Validator(SCHEMA)


def test_two_branches_that_add_neighbours_change_different_lines() -> None:
    """A merge of text is clean when what each side adds is a block of its own."""
    base = book(*((name, made(name)) for name in ("toy-a", "toy-m", "toy-z")))
    lines = to_text(base).splitlines()
    for added in ("toy-b", "toy-n"):
        longer = to_text(merged(base, added, made(added))).splitlines()
        start = next(i for i, (old, new) in enumerate(zip(lines, longer, strict=False)) if old != new)
        length = len(longer) - len(lines)
        assert longer[:start] + longer[start + length :] == lines


def test_committed_form_is_sorted_and_ends_in_one_newline() -> None:
    text = EXPECTED
    assert text.endswith("}\n") and not text.endswith("\n\n")
    assert text == pretty(json.loads(text))
    assert list(json.loads(text)["artifacts"]) == sorted(NAMES)


def test_an_empty_registry() -> None:
    assert json.loads(to_text(Registry())) == {"schema": 2, "artifacts": {}}
    assert parse(to_text(Registry()), "registry.json") == Registry()


def broken(*path: str, value: Any) -> str:
    """The text of a registry with another value at `path`."""
    data = json.loads(to_text(book((NAME, made()))))
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return json.dumps(data)


VERSION = ("artifacts", NAME, "versions", "1")
DAMAGED = [
    ("", "registry.json:1: Expecting value; was a merge left unfinished?"),
    ('{\n<<<<<<< ours\n"schema": 1}', "registry.json:2: Expecting property name"),
    ('{"schema": 1', "registry.json:1: Expecting"),
    ("[" * 100_000, "registry.json: nested too deeply, or with numbers of thousands of digits; restore the file"),
    ('{"schema": ' + "9" * 5_000 + "}", "registry.json: nested too deeply, or with numbers of thousands of digits;"),
    ("[]", "registry.json: the registry: Input should be"),
    (broken("schema", value=3), "registry.json: schema: Input should be 2"),
    (broken("colour", value="blue"), "registry.json: colour: Extra inputs are not permitted"),
    (broken(*VERSION, "size_own", value="big"), f"registry.json: artifacts.{NAME}.versions.1.size_own: Input should"),
    (broken(*VERSION, value=None), f"registry.json: artifacts.{NAME}.versions.1: Input should"),
    (broken("artifacts", NAME, "latest", value=2), f"artifacts.{NAME}: latest is version 2, which is not there; was a"),
    (broken("artifacts", NAME, "aliases", value={"stable": 7}), f"{NAME}: stable is version 7, which is not there"),
    (broken("artifacts", NAME, "versions", value={"9" * 5000: json.loads(made().model_dump_json())}), "is no version"),
    (broken("artifacts", NAME, "versions", value={"one": json.loads(made().model_dump_json())}), "'one' is no version"),
]


@pytest.mark.parametrize(("text", "message"), DAMAGED, ids=[case[1][:60] for case in DAMAGED])
def test_a_damaged_file_is_told_in_one_line(text: str, message: str) -> None:
    with pytest.raises(ZooError) as error:
        parse(text, "registry.json")
    assert message in str(error.value)
    assert str(error.value).startswith("registry.json:")
    assert "\n" not in str(error.value)


def test_json_schema_is_valid_and_named() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["title"] == "Zoosmith registry"


def test_json_schema_accepts_what_is_written() -> None:
    gates = evaluate({"size": Gate(max=30), "speed": Gate(min=2, hosts=("x",))}, records.measurement())
    full = row(records.build(needs={"base": records.sha("base")}), [records.measurement()], gates, "")
    alone = row(records.build("toy-fp32"), [records.reference()], [], "")
    for written in (Registry(), book((NAME, full), ("toy-fp32", alone), (NAME, made(tree="b")))):
        EDITOR.validate(json.loads(to_text(written)))


BAD: list[tuple[tuple[str, ...], Any]] = [
    (("schema",), 3),
    (("colour",), "blue"),
    (("artifacts", NAME, "latest"), "1"),
    ((*VERSION, "colour"), "blue"),
    ((*VERSION, "files"), {}),
    ((*VERSION, "size_own"), 1.5),
    ((*VERSION, "gates"), {"passed": "yes", "checks": []}),
    (("artifacts", NAME, "aliases"), {"stable": "v1"}),
]


@pytest.mark.parametrize(("path", "value"), BAD, ids=[".".join(case[0]) for case in BAD])
def test_json_schema_refuses(path: tuple[str, ...], value: Any) -> None:
    assert not EDITOR.is_valid(json.loads(broken(*path, value=value)))


@pytest.mark.parametrize("key", ["tree_digest", "files", "results", "license", "gates", "card"])
def test_json_schema_misses(key: str) -> None:
    data = json.loads(to_text(book((NAME, made()))))
    changed = copy.deepcopy(data)
    del changed["artifacts"][NAME]["versions"]["1"][key]
    EDITOR.validate(data)
    assert not EDITOR.is_valid(changed)


def test_committed_json_schema_is_what_the_code_generates() -> None:
    committed = (ROOT / "docs" / "registry.schema.json").read_text(encoding="utf-8")
    assert committed == pretty(SCHEMA), "generate docs/registry.schema.json again: `zoosmith schema registry`"


@pytest.mark.parametrize(
    ("source", "good"),
    [
        ("git+https://example.org/zoosmith.git@v1", True),
        ("https://example.org/zoosmith-0.1.0-py3-none-any.whl", True),
        ("zoosmith", False),
        ("https://example.org/x' && rm -rf '~", False),
        ("https://example.org/x\nrm", False),
    ],
)
def test_where_zoosmith_comes_from_is_an_address_that_ends_no_line_for_a_shell(source: str, good: bool) -> None:
    text = json.dumps(json.loads(to_text(book((NAME, made())))) | {"install": source})
    if good:
        kept = merged(parse(text, "registry.json"), NAME, made())
        assert parse(to_text(kept), "registry.json").install == source
    else:
        with pytest.raises(ZooError, match="install"):
            parse(text, "registry.json")
    assert "install" not in to_text(book((NAME, made())))
