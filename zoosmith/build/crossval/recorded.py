"""Records of cross-validations on disk, and the card that shows them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from zoosmith.common.canonical import pretty
from zoosmith.contract.errors import ZooError
from zoosmith.records.crossval import CrossValidation, best_founded
from zoosmith.records.schema import BuildRecord
from zoosmith.store.files import write_atomic

if TYPE_CHECKING:
    from zoosmith.build.workspace import Workspace
    from zoosmith.recipes.graph import Ref


def folder_of(artifact: Path) -> Path:
    """Where cross-validations are recorded, in an artifact's folder below results/."""
    return artifact / "crossval"


def of_build(artifact: Path, build: BuildRecord) -> CrossValidation | None:
    """The best founded cross-validation of what made a recorded build, if there is one. Raises ZooError."""
    found = (read(file) for file in sorted(folder_of(artifact).glob("*.json")))
    return best_founded(one for one in found if one.is_of(build))


def read(file: Path) -> CrossValidation:
    """A recorded cross-validation. Raises ZooError where it is damaged."""
    try:
        return CrossValidation.model_validate(json.loads(file.read_bytes()))
    except ValueError as error:  # of json and of pydantic
        first = " ".join(str(error).splitlines()[:3])
        raise ZooError(
            f"{file} is damaged or of another version: {first}; remove it, and `doit crossval:NAME` writes it anew"
        ) from None


def write(workspace: Workspace, ref: Ref, file: Path, found: CrossValidation) -> None:
    """Write a record where it differs from what is there, then the artifact's card where it has one."""
    text = pretty(found.model_dump(mode="json", by_alias=True)).encode()
    with workspace.records.locked():
        if not file.is_file() or file.read_bytes() != text:
            write_atomic(file, text)
    if workspace.records.current(ref) is not None:
        workspace.render_card(ref)
