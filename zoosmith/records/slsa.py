"""The provenance of a build in the form of SLSA, from what was recorded of it.

Source: https://slsa.dev/spec/v1.1/provenance (in-toto statement v1). What it is worth is Build Level 1 and no more: the
provenance exists and tells how the artifact was made. Level 2 asks for a build platform that signs by itself; here the
one who built it tells, and a signature over this says who tells, not that it is so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from zoosmith.records.schema import BuildRecord

STATEMENT, PREDICATE = "https://in-toto.io/Statement/v1", "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:zoosmith:build:v1"  # docs/signing.md says what its parameters are
LEVEL = "SLSA Build Level 1"


def statement(build: BuildRecord) -> dict[str, Any]:
    """The statement over the files of one artifact; the same record gives the same."""
    told = build.provenance
    return {
        "_type": STATEMENT,
        "subject": [{"name": file.path, "digest": {"sha256": file.sha256}} for file in build.files],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": _asked(build),
                "internalParameters": {"packages": build.packages, "actionKey": build.action_key},
                "resolvedDependencies": list(_dependencies(build)),
            },
            "runDetails": {
                "builder": {"id": f"urn:zoosmith:{told.get('zoosmith', 'unknown')}", "version": _versions(told)},
                "metadata": {"invocationId": build.action_key, **_times(told)},
            },
        },
    }


def _asked(build: BuildRecord) -> dict[str, Any]:
    """What whoever built it chose."""
    keys = ("name", "recipe", "artifact", "builder", "params", "seed", "target", "format", "precision")
    return {key: getattr(build, key) for key in keys}


def _versions(told: dict[str, Any]) -> dict[str, str]:
    found = {"zoosmith": told.get("zoosmith"), "python": told.get("host", {}).get("python")}
    return {name: str(version) for name, version in found.items() if version}


def _dependencies(build: BuildRecord) -> Iterator[dict[str, Any]]:
    """The source, bases, parents and rows, each with a digest: git's, SHA-256 of a tree, SHA-256 of rows."""
    source = re.match("[0-9a-f]{40}", str(build.provenance.get("git") or ""))
    if source:
        changed = str(build.provenance["git"]).endswith("+")
        yield {"name": "source", "digest": {"gitCommit": source[0]}, "annotations": {"uncommittedChanges": changed}}
    for base in build.bases:
        uri = {"uri": f"https://huggingface.co/{base.repo}"} if base.repo else {}
        digest = {"gitCommit": base.revision} if base.revision else {}
        yield {"name": base.name, **uri, "digest": digest | {"zoosmithTree": base.tree_digest}}
    for role, parent in sorted(build.parents.items()):
        digest = {"zoosmithTree": parent["digest"]}
        yield {"name": parent.get("name", role), "digest": digest, "annotations": {"role": role}}
    for name, split in sorted((build.data.get("splits") or {}).items()):
        if isinstance(split, dict) and split.get("sha256"):
            yield {"name": f"data/{name}", "digest": {"sha256": split["sha256"]}}


def _times(told: dict[str, Any]) -> dict[str, str]:
    """RFC 3339, where the record has them."""
    try:
        started = datetime.fromisoformat(told["started"])
        finished = started + timedelta(seconds=float(told["seconds"]))
    except (KeyError, TypeError, ValueError):
        return {}
    return {"startedOn": started.isoformat(), "finishedOn": finished.isoformat(timespec="seconds")}
