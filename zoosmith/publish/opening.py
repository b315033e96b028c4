"""Opening a registry that may be somebody else's: from a URL or folder, compared with before, kept for offline use."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from shlex import quote as quoted
from urllib.parse import quote, unquote, urlsplit

from zoosmith.common import safe
from zoosmith.common.canonical import canonical, digest
from zoosmith.contract.errors import ZooError
from zoosmith.publish import carried, seen
from zoosmith.publish.catalog import Catalog
from zoosmith.publish.entries import plain
from zoosmith.publish.indexed import Indexed
from zoosmith.publish.objects import Root
from zoosmith.publish.seen import Numbers
from zoosmith.publish.shelf import BytesSource, FileSource, Source, shelf
from zoosmith.signing.place import trust_file
from zoosmith.store import heal
from zoosmith.store.files import sha256_file
from zoosmith.transfer.cache import Cache
from zoosmith.transfer.retry import RetryPolicy, Unreachable

FILE = "registry.json"
VARIABLE = "ZOOSMITH_REGISTRY"
RETRY = RetryPolicy(tries=3, timeout_s=15.0)


def open_catalog(location: str | None, project: Path, cache: Cache, retry: RetryPolicy = RETRY) -> Catalog:
    """The registry at `location`, a URL or folder, else `$ZOOSMITH_REGISTRY`, else the zoo's own. Raises ZooError."""
    location = location or os.environ.get(VARIABLE)
    if location is None:
        if not (project / FILE).is_file():
            raise ZooError(f"no registry: give one by --registry URL or {VARIABLE}, or work in a zoo that has {FILE}")
        return _opened(folder_url(str(project)), cache, retry)  # one's own: branches come and go
    if carried.is_carried(location):
        return open_carried(location, cache)  # a file that is carried has no place of its own to be remembered by
    base = folder_url(location)
    if root := _roots().get(base):
        return _compared(_indexed(base, root, cache, retry), cache)
    return _compared(_opened(base, cache, retry), cache)


def open_kept(location: str | None, project: Path, cache: Cache) -> Catalog | None:
    """As `open_catalog` without a network: a folder, or the copy of what was read last; None where there is none.

    None for a registry with a signed index too: a copy says nothing of when that expires.
    """
    if location is not None and carried.is_carried(location):
        return open_carried(location, cache)
    base = folder_url(str(project) if location is None else location)
    if location is not None and base in _roots():
        return None
    if urlsplit(base).scheme == "file":
        return _opened(base, cache, RETRY)
    kept = cache.registry(base)
    return _read(kept, base, base, cache, RETRY) if kept.is_file() else None


def _compared(catalog: Catalog, cache: Cache) -> Catalog:
    """The catalog with what differs from what was seen of this registry before."""
    file, mark = cache.compared(catalog.base), getattr(catalog.artifacts, "mark", None)
    if mark is not None and heal.read_regular(file) == mark.encode():
        return catalog
    now = (Numbers(name, brief.last, brief.trees, brief.heads) for name, brief in catalog.briefs.items() if brief)
    damaged = [name for name, brief in catalog.briefs.items() if brief is None]
    changes = seen.compare(cache.seen(catalog.base), now, damaged)
    if mark is not None and not changes.told and not damaged:
        heal.place(file, mark.encode(), file.parent)
    remark = "; ".join(filter(None, (catalog.remark, changes.remark(catalog.base))))
    return replace(catalog, remark=remark, changes=changes)


def _opened(base: str, cache: Cache, retry: RetryPolicy) -> Catalog:
    if urlsplit(base).scheme == "file":
        file = Path(unquote(urlsplit(base).path)) / FILE
        return _read(file, str(file), base, cache, retry)
    try:
        return retry.until_done(lambda: _ask(base, cache, retry))
    except Unreachable as error:
        kept = cache.registry(base)
        if not kept.is_file():
            raise
        return _read(kept, base, base, cache, retry, f"{error}; using the copy of {_about(kept).get('date', '?')}")


def folder_url(location: str) -> str:
    """The URL of the folder that holds registry.json, with a final '/' if it is a web server's."""
    if "://" not in location:
        folder = Path(location).expanduser().resolve()
        return "file://" + quote(str(folder.parent if folder.name == FILE else folder))
    split = safe.url(location, named=True)
    path = split.path.removesuffix(FILE)
    if split.scheme in ("http", "https") and not path.endswith("/"):
        path += "/"
    return split._replace(path=path).geturl() if split.scheme != "hf" else location.rstrip("/")


def _read(file: Path, what: str, base: str, cache: Cache, retry: RetryPolicy, remark: str = "") -> Catalog:
    try:
        return parsed(FileSource(file), what, base, cache, retry, remark)
    except OSError as error:
        raise ZooError(f"{file} cannot be read ({error.strerror}); give the folder or URL of a registry") from None


def _ask(base: str, cache: Cache, retry: RetryPolicy) -> Catalog:
    """The registry from its server, or the kept copy if the server says that it has not changed."""
    from zoosmith.transfer import http, locations

    kept, web = cache.registry(base), locations.within(base, "")
    assert isinstance(web, locations.Web)
    headers = web.headers()
    tag = _about(kept).get("etag")
    if tag and kept.is_file() and sha256_file(kept) == _about(kept).get("sha256"):
        headers["If-None-Match"] = tag
    answer = http.get(web.url_of(FILE), headers, retry.timeout_s)
    if answer.status == 304 and "If-None-Match" in headers:
        answer.close()
        return _read(kept, base, base, cache, retry)
    if answer.status != 200:
        answer.close()
        raise ZooError(f"{base} answered {answer.status} to a plain request")
    if (http.length(answer) or 0) > safe.MAX_JSON_BYTES:
        answer.close()
        raise _too_large(base, base)
    data = http.read_all(answer, safe.MAX_JSON_BYTES)
    catalog = parsed(BytesSource(data), base, base, cache, retry)  # what is no registry replaces no copy of one
    _keep(kept, base, data, answer.headers.get("ETag") or "", answer.headers.get("Date") or "")
    return catalog


def _keep(kept: Path, base: str, data: bytes, tag: str, date: str) -> None:
    """The copy first: tag and digest describe it, and a kill between them only costs a full answer."""
    heal.place(kept, data, kept.parent)
    usable = tag if tag.isascii() and tag.isprintable() and len(tag) < 200 else ""
    about = {"url": base, "etag": usable, "date": safe.printable(date)[:40], "sha256": sha256(data).hexdigest()}
    heal.place(kept.with_suffix(".about"), canonical(about), kept.parent)


def _about(kept: Path) -> dict[str, str]:
    try:
        found = json.loads(heal.read_regular(kept.with_suffix(".about")) or b"")
        return {key: str(value) for key, value in found.items()}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def parsed(source: Source, what: str, base: str, cache: Cache, retry: RetryPolicy, remark: str = "") -> Catalog:
    """The registry in `source`: entry by entry if it has the committed form or is one of many files, else as a whole.

    Raises ZooError.
    """
    if source.size > safe.MAX_JSON_BYTES:
        raise _too_large(what, base)
    cure = _cure(base)
    entries = shelf(source, what, cure)
    if entries is not None:
        return Catalog(entries, base, remark)
    data = source.read(0, source.size)
    told = safe.parse_json(data, what)
    if (root := Root.of(told, what)) is not None:
        return Catalog(Indexed(root, base, cache, cure, retry), base, remark)
    from zoosmith.records import registry

    return Catalog(plain(told, what, cure) or registry.parse(data.decode("utf-8"), what).artifacts, base, remark)


def _too_large(what: str, base: str) -> ZooError:
    """A registry that is published in one file can become many; that of a zoo or of a bundle cannot."""
    published = urlsplit(base).scheme in ("file", "http", "https") and not _is_zoo(base)
    cure = "; whoever keeps it makes many files of it with `zoosmith migrate FOLDER`" if published else ""
    return ZooError(f"{what} is longer than {safe.MAX_JSON_BYTES >> 20} MiB, so it is not read{cure}")


def _roots() -> dict[str, str]:
    """The roots of signed indexes that the user trusts, by URL. Raises ZooError for a damaged file of trust."""
    if not trust_file().exists():
        return {}
    from zoosmith.signing import trust  # checks the file, which takes longer than to read a registry

    return trust.read().roots


def _indexed(base: str, root: str, cache: Cache, retry: RetryPolicy) -> Catalog:
    """The registry as its signed index has it. Raises ZooError where the index does not hold."""
    from zoosmith.publish import index_read

    state = trust_file().parent / "index" / digest(base)
    return parsed(BytesSource(index_read.read(base, root, state, retry)), base, base, cache, retry)


def open_carried(location: str, cache: Cache) -> Catalog:
    """The registry inside a bundle, or `oci:DIR`. Raises ZooError for one that could do harm."""
    packed = carried.files_of(location)
    source = packed.files[FILE]()
    catalog = parsed(source, f"{FILE} of {packed.what}", packed.what, cache, RETRY)
    if isinstance(catalog.artifacts, Indexed):
        raise ZooError(f"the {FILE} of {packed.what} is of many files, which lie elsewhere: refused")
    return replace(catalog, packed=packed)


def _cure(base: str) -> str:
    """What mends a damaged entry of the registry at `base`: its history, which the owner of a zoo keeps."""
    if not _is_zoo(base):
        return f"only the owner of {base} can mend it; an artifact is had elsewhere by another --registry"
    restore = f"git -C {quoted(str(_folder(base)))} restore {FILE}"
    return f"`{restore}` brings it back, then `doit registry` adds what was recorded since"


def _is_zoo(base: str) -> bool:
    return urlsplit(base).scheme == "file" and (_folder(base) / "dodo.py").is_file()


def _folder(base: str) -> Path:
    return Path(unquote(urlsplit(base).path))
