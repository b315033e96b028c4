"""Reading a registry by its signed index: a host that replays, mixes, keeps back or replaces is caught by its name.

python-tuf decides; what it asks for comes over the same connections as all else, with their limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoosmith.common import safe
from zoosmith.contract.errors import ZooError
from zoosmith.publish.index_sign import FOLDER, TARGET
from zoosmith.signing.keys import require_extra
from zoosmith.transfer import locations
from zoosmith.transfer.locations import Location
from zoosmith.transfer.retry import RetryPolicy, TransientError

if TYPE_CHECKING:
    from tuf.ngclient.fetcher import FetcherInterface

INSIDE = "zoo:/"  # stands before paths where python-tuf wants URLs
CHUNK = 1 << 16


def root(data: bytes, what: str) -> str:
    """The text of a root of trust. Raises ZooError for one that is damaged, or not signed by its own keys."""
    require_extra()
    from tuf.api.metadata import Metadata, Root

    safe.parse_json(data, what)
    try:
        found: Any = Metadata[Root].from_bytes(data)
        found.verify_delegate("root", found)
    except Exception as error:  # python-tuf raises many kinds
        raise ZooError(f"{what} is no root of a signed index ({safe.printable(str(error))[:120]})") from None
    return data.decode()


def read(base: str, trusted: str, state: Path, retry: RetryPolicy) -> bytes:
    """registry.json of the registry at `base`, as its index has it now.

    trusted: the root that was trusted first. state: a folder that remembers what was seen, so that nothing goes back.
    Raises ZooError for an index that is expired, older than before, mixed, replaced, or signed by others.
    """
    require_extra()
    from tuf.ngclient import Updater

    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    fetcher = _fetcher(locations.within(base, FOLDER), retry)
    try:
        updater = Updater(str(state), INSIDE, str(state), INSIDE, fetcher, bootstrap=trusted.encode())
        updater.refresh()
        target = updater.get_targetinfo(TARGET)
        if target is None or target.length > safe.MAX_JSON_BYTES:
            raise ZooError(f"the signed index of {base} lists no {TARGET}, or one that is too long: refused")
        return Path(updater.download_target(target)).read_bytes()
    except ZooError:
        raise
    except OSError as error:
        raise ZooError(f"{error.filename or state}: {error.strerror}") from None
    except Exception as error:  # each becomes one line with its name
        raise ZooError(f"the signed index of {base} {_named(error)}") from None


def _named(error: Exception) -> str:
    """What a refusal of python-tuf means."""
    from tuf.api import exceptions as tuf

    said = safe.printable(" ".join(str(error).split()))[:160]
    means = {
        tuf.ExpiredMetadataError: "has expired: its owner has not renewed it, or its host keeps a newer one back",
        tuf.UnsignedMetadataError: "is not signed by the keys that its root names: another signer, or a wrong key",
        tuf.BadVersionNumberError: "is older than it was, or mixes versions",
        tuf.LengthOrHashMismatchError: "holds a file that was not signed so: replaced, or of another version",
        tuf.DownloadLengthMismatchError: "sends more than was signed",
        tuf.DownloadError: "cannot be had",
    }
    name = next((text for kind, text in means.items() if isinstance(error, kind)), "is damaged")
    return f"{name}: refused ({said})"


def _fetcher(location: Location, retry: RetryPolicy) -> FetcherInterface:
    """What python-tuf fetches with."""
    from tuf.api import exceptions as tuf
    from tuf.ngclient.fetcher import FetcherInterface

    class Fetcher(FetcherInterface):  # type: ignore[misc]  # mypy does not look into python-tuf
        def _fetch(self, url: str) -> Iterator[bytes]:
            path = safe.path(url.removeprefix(INSIDE).lstrip("/"))
            try:
                stream = retry.until_done(lambda: location.open(path, 0, retry))
            except ZooError as error:
                if "answered 404" in str(error) or "No such file" in str(error):
                    raise tuf.DownloadHTTPError(str(error), 404) from None
                raise tuf.DownloadError(str(error)) from None
            try:
                while data := stream.read(CHUNK):
                    yield data
            except TransientError as error:
                raise tuf.DownloadError(str(error)) from None
            finally:
                stream.close()

    return Fetcher()
