"""zoosmith.json of a published version: where each file of the tree lies there. Nothing else in it is looked at."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from zoosmith.contract import ZooError
from zoosmith.core import safe
from zoosmith.hub.catalog import Version
from zoosmith.hub.http import Again, Patience
from zoosmith.hub.places import Place

FILE = "zoosmith.json"
MAX_BYTES = 8 << 20


class _Located(BaseModel):
    path: str
    at: str


class _Pointer(BaseModel):
    tree_digest: str
    files: list[_Located]


def where(version: Version, place: Place, patience: Patience) -> dict[str, str]:
    """Path in the tree -> path at the place. Raises ZooError where the pointer is damaged, or of another tree."""
    data = patience.until_done(lambda: _read(place, patience))
    what = f"the {FILE} of {version}"
    try:
        pointer = _Pointer.model_validate(safe.parse_json(data, what))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ZooError(f"{what} is damaged: {first['loc']} {first['msg']}") from None
    if pointer.tree_digest != version.row.tree_digest:
        raise ZooError(f"the location of {version} holds another tree ({pointer.tree_digest[:12]!r}...)")
    safe.paths(file.at for file in pointer.files)
    at = {file.path: file.at for file in pointer.files}
    if lost := [file.path for file in version.row.files if file.path not in at]:
        raise ZooError(f"{what} does not say where {lost[0]!r} lies")
    return at


def _read(place: Place, patience: Patience) -> bytes:
    stream = place.open(FILE, 0, patience)
    data, buffer = bytearray(), memoryview(bytearray(1 << 16))
    try:
        if (stream.total or 0) > MAX_BYTES:
            raise ZooError(f"{FILE} is longer than {MAX_BYTES >> 20} MiB, so it is not read")
        while count := stream.readinto(buffer):
            data += buffer[:count]
            if len(data) > MAX_BYTES:
                raise ZooError(f"{FILE} is longer than {MAX_BYTES >> 20} MiB, so it is not read")
    finally:
        stream.close()
    if stream.total is not None and len(data) < stream.total:
        raise Again(f"{FILE} was cut off")
    return bytes(data)
