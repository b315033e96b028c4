"""A registry that may be somebody else's: opened from a URL or folder, checked, and kept for offline use."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from zoosmith.common import safe
from zoosmith.common.canonical import canonical, digest
from zoosmith.common.names import nearest
from zoosmith.contract.errors import ZooError
from zoosmith.contract.manifest import PAYLOAD_MANIFEST
from zoosmith.publish import seen
from zoosmith.publish.seen import Changes, Numbers
from zoosmith.publish.shelf import BytesSource, FileSource, Source, briefs, shelf
from zoosmith.records import registry
from zoosmith.records.brief import Brief
from zoosmith.records.registry import Entry, Registry, Row
from zoosmith.store.files import sha256_file, write_atomic
from zoosmith.transfer import http, locations
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.http import RetryPolicy, Unreachable
from zoosmith.transfer.locations import Location

FILE = "registry.json"
VARIABLE = "ZOOSMITH_REGISTRY"
PIN = re.compile("[0-9a-f]{16,64}")
RETRY = RetryPolicy(tries=3, timeout_s=15.0)


class Version(NamedTuple):
    """One version of one artifact."""

    name: str
    number: int
    row: Row

    def __str__(self) -> str:
        return f"{self.name}@{self.number}"


@dataclass(frozen=True)
class Catalog:
    """Entries of a registry by name, the URL of the folder that it lies in, and a remark if it is not the newest."""

    artifacts: Mapping[str, Entry]
    base: str
    remark: str = ""
    changes: Changes = field(default_factory=Changes)

    @cached_property
    def registry(self) -> Registry:
        """The whole of it; every entry is read and checked. Raises ZooError for the first that is damaged."""
        return Registry(artifacts=dict(self.artifacts))

    @cached_property
    def briefs(self) -> dict[str, Brief | None]:
        """What lists show, by name; None for an entry that is damaged."""
        return briefs(self.artifacts)

    def find(self, wanted: str) -> Version:
        """The version that `NAME`, `NAME@N` or `NAME@ALIAS` means, which must be the tree of `#TREE` behind it.

        Raises ZooError with the nearest name, for another tree, and for a version that is no longer what it was when
        it was first seen, unless its new tree is the one that is asked for.
        """
        named, mark, pin = wanted.partition("#")
        if mark:
            return self._pinned(named, pin)
        version = self.newest(named)
        first = self.changes.replaced.get((version.name, version.number))
        if first is not None:
            raise ZooError(
                f"{version} in {self.base} was replaced: it is the tree {version.row.tree_digest[:16]}..., and was "
                f"{first[:16]}... when it was first read here; a version never changes, so it is refused. If its owner "
                f"says that this is meant, name the tree: {version}#{version.row.tree_digest}"
            )
        return version

    def _pinned(self, named: str, pin: str) -> Version:
        """The version with a tree that begins with `pin`, which vouches for it."""
        if not PIN.fullmatch(pin):
            raise ZooError(
                f"{named}#{pin} names no tree: expected 16 to 64 hexadecimal digits, as `zoosmith show` gives"
            )
        version = self.newest(named)
        known = [version] if "@" in named else list(self._versions(version.name))
        same = next((each for each in known if each.row.tree_digest.startswith(pin)), None)
        if same is None:
            raise ZooError(f"{version} in {self.base} is the tree {version.row.tree_digest}, not {pin}: refused")
        return same

    def newest(self, wanted: str) -> Version:
        """As `find`, also of a version that was replaced."""
        name, _, number = wanted.partition("@")
        entry = self.artifacts.get(name)
        if entry is None:
            raise ZooError(f"{self.base} has no artifact {name!r}{nearest(name, self.artifacts)}")
        found = str(entry.aliases.get(number) or number or entry.latest)
        if number == "latest":
            found = str(entry.latest)
        if found not in entry.versions:
            known = sorted(map(int, entry.versions))
            raise ZooError(f"{name} has no version {number!r}; known: {', '.join(map(str, [*known, *entry.aliases]))}")
        return Version(safe.name(name), int(found), entry.versions[found])

    def versions(self) -> Iterator[Version]:
        """All versions, the newest of an artifact first."""
        for name in sorted(self.artifacts):
            yield from self._versions(name)

    def _versions(self, name: str) -> Iterator[Version]:
        entry = self.artifacts[name]
        for number in sorted(map(int, entry.versions), reverse=True):
            yield Version(name, number, entry.versions[str(number)])

    def with_tree(self, tree: str) -> list[Version]:
        """All versions with this tree; only their entries are read."""
        names = [name for name, brief in sorted(self.briefs.items()) if brief and tree in brief.trees.values()]
        return [each for name in names for each in self._versions(name) if each.row.tree_digest == tree]

    def by_tree(self, tree: str) -> Version | None:
        """A version with this tree, for what an artifact needs; one that is published, if any is."""
        same = self.with_tree(tree)
        return min(same, key=lambda version: not version.row.locations, default=None)

    def locations(self, version: Version) -> list[Location]:
        """Where the files lie. Raises ZooError if the version was not published, or lies where it must not."""
        if not version.row.locations:
            raise ZooError(
                f"{version} is not published: its row has no location; "
                f"ask the zoo's owner for `doit publish:{version.name}`, or build it with `doit build:{version.name}`"
            )
        return [locations.location_at(location, self.base) for location in version.row.locations]


def check(version: Version) -> None:
    """Raise ZooError if the files of a row could do harm, or are not the tree that the row names."""
    files = version.row.files
    safe.name(version.name)
    safe.paths(file.path for file in files)
    for file in files:
        if safe.is_pickle(file.path):
            raise ZooError(f"{version} holds {file.path!r}, a pickle or a format that may hold one: refused")
        if safe.is_code(file.path):
            raise ZooError(f"{version} holds {file.path!r}, which is code: refused")
        if not 0 <= file.size <= safe.MAX_FILE_BYTES:
            raise ZooError(f"{version}: {file.path!r} cannot have {file.size} bytes")
    if len({(file.sha256, file.size) for file in files}) != len({file.sha256 for file in files}):
        raise ZooError(f"{version} gives one SHA-256 two sizes; the registry is damaged")
    if digest([[file.path, file.size, file.sha256] for file in files]) != version.row.tree_digest:
        raise ZooError(f"{version}: the files of the row are not those of its tree digest; the registry is damaged")
    if PAYLOAD_MANIFEST not in {file.path for file in files}:
        raise ZooError(f"{version} has no {PAYLOAD_MANIFEST}, so it is no artifact")


def open_catalog(location: str | None, project: Path, cache: Cache, retry: RetryPolicy = RETRY) -> Catalog:
    """The registry at `location`, a URL or folder, else `$ZOOSMITH_REGISTRY`, else the zoo's own. Raises ZooError."""
    location = location or os.environ.get(VARIABLE)
    if location is None:
        if not (project / FILE).is_file():
            raise ZooError(f"no registry: give one by --registry URL or {VARIABLE}, or work in a zoo that has {FILE}")
        return _opened(_folder_url(str(project)), cache, retry)  # one's own: branches come and go
    return _compared(_opened(_folder_url(location), cache, retry), cache)


def _compared(catalog: Catalog, cache: Cache) -> Catalog:
    """The catalog with what differs from what was seen of this registry before."""
    now = (Numbers(name, brief.latest, brief.trees) for name, brief in catalog.briefs.items() if brief)
    damaged = [name for name, brief in catalog.briefs.items() if brief is None]
    changes = seen.compare(cache.seen(catalog.base), now, damaged)
    remark = "; ".join(filter(None, (catalog.remark, changes.remark(catalog.base))))
    return replace(catalog, remark=remark, changes=changes)


def _opened(base: str, cache: Cache, retry: RetryPolicy) -> Catalog:
    if urlsplit(base).scheme == "file":
        file = Path(unquote(urlsplit(base).path)) / FILE
        return _read(file, str(file), base)
    try:
        return retry.until_done(lambda: _ask(base, cache, retry))
    except Unreachable as error:
        kept = cache.registry(base)
        if not kept.is_file():
            raise
        return _read(kept, base, base, f"{error}; using the copy of {_about(kept).get('date', '?')}")


def _folder_url(location: str) -> str:
    """The URL of the folder that holds registry.json, with a final '/' if it is a web server's."""
    if "://" not in location:
        folder = Path(location).expanduser().resolve()
        return "file://" + quote(str(folder.parent if folder.name == FILE else folder))
    split = safe.url(location, named=True)
    path = split.path.removesuffix(FILE)
    if split.scheme in ("http", "https") and not path.endswith("/"):
        path += "/"
    return split._replace(path=path).geturl() if split.scheme != "hf" else location.rstrip("/")


def _read(file: Path, what: str, base: str, remark: str = "") -> Catalog:
    try:
        return _parsed(FileSource(file), what, base, remark)
    except OSError as error:
        raise ZooError(f"{file} cannot be read ({error.strerror}); give the folder or URL of a registry") from None


def _ask(base: str, cache: Cache, retry: RetryPolicy) -> Catalog:
    """The registry from its server, or the kept copy if the server says that it has not changed."""
    kept, web = cache.registry(base), locations.within(base, "")
    assert isinstance(web, locations.Web)
    headers = web.headers()
    tag = _about(kept).get("etag")
    if tag and kept.is_file() and sha256_file(kept) == _about(kept).get("sha256"):
        headers["If-None-Match"] = tag
    answer = http.get(web.url_of(FILE), headers, retry.timeout_s)
    if answer.status == 304 and "If-None-Match" in headers:
        answer.close()
        return _read(kept, base, base)
    if answer.status != 200:
        answer.close()
        raise ZooError(f"{base} answered {answer.status} to a plain request")
    data = http.read_all(answer, safe.MAX_JSON_BYTES)
    catalog = _parsed(BytesSource(data), base, base)  # what is no registry replaces no copy of one
    _keep(kept, base, data, answer.headers.get("ETag") or "", answer.headers.get("Date") or "")
    return catalog


def _keep(kept: Path, base: str, data: bytes, tag: str, date: str) -> None:
    """The copy first: tag and digest describe it, and a kill between them only costs a full answer."""
    write_atomic(kept, data)
    usable = tag if tag.isascii() and tag.isprintable() and len(tag) < 200 else ""
    about = {"url": base, "etag": usable, "date": safe.printable(date)[:40], "sha256": sha256(data).hexdigest()}
    write_atomic(kept.with_suffix(".about"), canonical(about))


def _about(kept: Path) -> dict[str, str]:
    try:
        found = json.loads(kept.with_suffix(".about").read_bytes())
        return {key: str(value) for key, value in found.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _parsed(source: Source, what: str, base: str, remark: str = "") -> Catalog:
    """The registry in `source`: entry by entry if it has the committed form, else as a whole. Raises ZooError."""
    if source.size > safe.MAX_JSON_BYTES:
        raise ZooError(f"{what} is longer than {safe.MAX_JSON_BYTES >> 20} MiB, so it is not read")
    entries = shelf(source, what)
    if entries is not None:
        return Catalog(entries, base, remark)
    data = source.read(0, source.size)
    safe.parse_json(data, what)
    return Catalog(registry.parse(data.decode("utf-8"), what).artifacts, base, remark)
