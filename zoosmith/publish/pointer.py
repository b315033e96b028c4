"""zoosmith.json of a published version: where each file of the tree lies there. Its hashes are not looked at."""

from __future__ import annotations

from pydantic import ValidationError

from zoosmith.common import safe
from zoosmith.contract.errors import ZooError
from zoosmith.publish.catalog import Version
from zoosmith.records.layout import POINTER, Pointer
from zoosmith.transfer.locations import Location
from zoosmith.transfer.retry import RetryPolicy, TransientError

MAX_BYTES = 8 << 20
CHUNK = 1 << 16


def where(version: Version, location: Location, retry: RetryPolicy) -> dict[str, str]:
    """Path in the tree -> path at the location. Raises ZooError as `told` does."""
    at = {file.path: file.at for file in told(version, location, retry).files}
    if lost := [file.path for file in version.row.files if file.path not in at]:
        raise ZooError(f"the {POINTER} of {version} does not say where {lost[0]!r} lies")
    return at


def told(version: Version, location: Location, retry: RetryPolicy) -> Pointer:
    """The pointer of a version. Raises ZooError if it is damaged, or of another tree."""
    data = retry.until_done(lambda: _read(location, retry))
    what = f"the {POINTER} of {version}"
    safe.parse_json(data, what)
    try:
        pointer = Pointer.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ZooError(f"{what} is damaged: {first['loc']} {first['msg']}") from None
    if pointer.tree_digest != version.row.tree_digest:
        raise ZooError(f"the location of {version} holds another tree ({pointer.tree_digest[:12]!r}...)")
    safe.paths(file.at for file in pointer.files)
    return pointer


def _read(location: Location, retry: RetryPolicy) -> bytes:
    stream = location.open(POINTER, 0, retry)
    data = b""
    try:
        while len(data) != stream.total and (more := stream.read(CHUNK)):
            data += more
            if max(len(data), stream.total or 0) > MAX_BYTES:
                raise ZooError(f"{POINTER} is longer than {MAX_BYTES >> 20} MiB, so it is not read")
    finally:
        stream.close()
    if stream.total is not None and len(data) < stream.total:
        raise TransientError(f"{POINTER} was cut off")
    return data
