"""Provenance as SLSA v1 describes it, from records."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from zoosmith.records import slsa
from zoosmith.records.schema import BuildRecord

ROOT = Path(__file__).parents[2]
RECORDS = sorted(ROOT.glob("results/*/*/build.json"))
DESCRIPTOR = {
    "type": "object",
    "anyOf": [{"required": ["uri"]}, {"required": ["digest"]}],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "uri": {"type": "string"},
        "annotations": {"type": "object"},
        "digest": {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}},
    },
}
SCHEMA = {  # slsa.dev/spec/v1.1/provenance, in-toto statement v1
    "type": "object",
    "required": ["_type", "subject", "predicateType", "predicate"],
    "properties": {
        "_type": {"const": "https://in-toto.io/Statement/v1"},
        "predicateType": {"const": "https://slsa.dev/provenance/v1"},
        "subject": {"type": "array", "minItems": 1, "items": DESCRIPTOR | {"required": ["name", "digest"]}},
        "predicate": {
            "type": "object",
            "required": ["buildDefinition", "runDetails"],
            "properties": {
                "buildDefinition": {
                    "type": "object",
                    "required": ["buildType", "externalParameters"],
                    "properties": {"resolvedDependencies": {"type": "array", "items": DESCRIPTOR}},
                },
                "runDetails": {"type": "object", "required": ["builder"]},
            },
        },
    },
}


@pytest.mark.parametrize("file", RECORDS[:: max(1, len(RECORDS) // 12)], ids=lambda file: file.parent.name)
def test_each_record_gives_a_statement_of_the_form(file: Path) -> None:
    build = BuildRecord.model_validate_json(file.read_text(encoding="utf-8"))
    told = json.loads(json.dumps(slsa.statement(build)))
    jsonschema.validate(told, SCHEMA)
    assert {each["name"]: each["digest"]["sha256"] for each in told["subject"]} == {
        each.path: each.sha256 for each in build.files
    }
    names = [each["name"] for each in told["predicate"]["buildDefinition"]["resolvedDependencies"]]
    assert set(names) >= {base.name for base in build.bases}


def test_what_was_not_committed_is_told() -> None:
    build = BuildRecord.model_validate_json(RECORDS[0].read_text(encoding="utf-8"))
    commit = "0c406b78eb5e877687d1f32204fd589cade05598"
    changed = build.model_copy(update={"provenance": build.provenance | {"git": f"{commit}+"}})
    source = slsa.statement(changed)["predicate"]["buildDefinition"]["resolvedDependencies"][0]
    assert source == {
        "name": "source", "digest": {"gitCommit": commit}, "annotations": {"uncommittedChanges": True}
    }  # fmt: skip
    unknown = build.model_copy(update={"provenance": {}})
    told = slsa.statement(unknown)["predicate"]
    assert "source" not in [each["name"] for each in told["buildDefinition"]["resolvedDependencies"]]
    assert told["runDetails"]["metadata"] == {"invocationId": build.action_key}
