"""Reading an image layout that `zoosmith export --oci` wrote, also after it went through container registries.

Only the folder is read; names in it are digests, and what has another digest is refused.
"""

from __future__ import annotations

import hashlib
import re
from functools import partial
from pathlib import Path
from typing import Any

from zoosmith.common import safe
from zoosmith.contract.errors import ZooError
from zoosmith.publish import signing
from zoosmith.publish.oci import ARTIFACT_TYPE, ASKED, BLOBS, FILEPATH, INDEX
from zoosmith.publish.packed import Packed
from zoosmith.publish.shelf import BytesSource, FileSource, Source
from zoosmith.records import registry
from zoosmith.records.layout import POINTER, pointer

DIGEST = re.compile("sha256:([0-9a-f]{64})")
MAX_JSON = 8 << 20
REGISTRY = "registry.json"


def read(location: str) -> Packed:
    """The files of the one image in the layout at `location`, `DIR` or `DIR:TAG`, by their paths in a registry.

    Raises ZooError for what is no such layout, holds several images without a tag that says which, or holds other bytes
    than its digests say.
    """
    folder, tag = _split(location)
    what = f"oci:{folder}"
    manifest = _manifest(folder, tag, what)
    blobs = dict(_layers(manifest, what))
    if REGISTRY not in blobs:
        raise ZooError(f"{what} was not written by `zoosmith export --oci`: it holds no {REGISTRY}")
    told = _blob(folder, blobs[REGISTRY], what, REGISTRY)
    safe.parse_json(told, f"{REGISTRY} of {what}")
    files = {REGISTRY: blobs[REGISTRY]}
    texts: dict[str, bytes] = {}
    own = _strings(manifest.get("annotations")).get(ASKED, "")
    for name, entry in registry.parse(told.decode("utf-8", "replace"), f"{REGISTRY} of {what}").artifacts.items():
        for number, row in entry.versions.items():
            beside = pointer(name, int(number), row, {})
            texts[f"{name}/v{number}/{POINTER}"] = beside.to_text().encode()
            files |= {f"{name}/v{number}/{file.at}": file.sha256 for file in beside.files}
            files |= _signatures(f"{name}/v{number}/", row.signed_by, own == f"{name}@{number}", name, blobs)
    if lost := [path for path, digest in files.items() if digest not in blobs.values()]:
        raise ZooError(f"{what} does not hold {lost[0]}, which its {REGISTRY} tells of")
    return _packed(folder, files, texts, what, manifest)


def _signatures(folder: str, keys: tuple[str, ...], own: bool, name: str, blobs: dict[str, str]) -> dict[str, str]:
    """Digests of a version's signatures by their paths in a registry."""
    at = "" if own else f"needs/{name}/"
    names = [signing.file_name(key) for key in keys]
    return {f"{folder}{file}": blobs[f"{at}{file}"] for file in names if f"{at}{file}" in blobs}


def _packed(folder: Path, files: dict[str, str], texts: dict[str, bytes], what: str, manifest: Any) -> Packed:

    opened: dict[str, Any] = {path: partial(_open, folder, digest, what) for path, digest in files.items()}
    opened |= {path: partial(BytesSource, data) for path, data in texts.items()}
    digests = files | {path: hashlib.sha256(data).hexdigest() for path, data in texts.items()}
    asked = _strings(manifest.get("annotations")).get(ASKED)
    return Packed(opened, digests, what, (asked,) if asked else ())


def _split(location: str) -> tuple[Path, str]:
    folder, mark, tag = location.rpartition(":")
    if mark and not Path(location).exists():
        return Path(folder).expanduser(), tag
    return Path(location).expanduser(), ""


def _manifest(folder: Path, tag: str, what: str) -> dict[str, Any]:
    found = [each for each in _list(_json(folder / INDEX, what), "manifests") if _is_model(each)]
    named = [each for each in found if not tag or _strings(each.get("annotations")).get(_REF) == tag]
    if len(named) != 1:
        tags = ", ".join(_strings(each.get("annotations")).get(_REF, "?") for each in found) or "none"
        raise ZooError(f"{what} holds {len(named)} images {tag!r}; one is pulled, by oci:DIR:TAG; tags: {tags[:200]}")
    told = safe.parse_json(_blob(folder, _digest(named[0], what), what, "the manifest"), f"the manifest of {what}")
    if not isinstance(told, dict) or told.get("artifactType") != ARTIFACT_TYPE:
        raise ZooError(f"{what} is no model: its manifest is not of the type {ARTIFACT_TYPE}")
    return told


_REF = "org.opencontainers.image.ref.name"


def _is_model(each: Any) -> bool:
    """Of another type are images that lie beside; tools that copy may leave the type out."""
    return isinstance(each, dict) and each.get("artifactType", ARTIFACT_TYPE) == ARTIFACT_TYPE


def _layers(manifest: dict[str, Any], what: str) -> list[tuple[str, str]]:
    """Path and digest of each layer. Raises ZooError for paths that leave the folder, or stand twice."""
    layers = _list(manifest, "layers")
    paths = [_strings(each.get("annotations")).get(FILEPATH, "") for each in layers if isinstance(each, dict)]
    if len(paths) != len(layers):
        raise ZooError(f"{what} has a layer that is no descriptor")
    safe.paths(paths)
    return [(path, _digest(each, what)) for path, each in zip(paths, layers, strict=True)]


def _digest(descriptor: dict[str, Any], what: str) -> str:
    found = DIGEST.fullmatch(str(descriptor.get("digest")))
    if not found:
        raise ZooError(f"{what} names a blob by {str(descriptor.get('digest'))!a:.80}; expected sha256:<64 digits>")
    return found[1]


def _open(folder: Path, digest: str, what: str) -> Source:
    try:
        return FileSource(folder / BLOBS / digest)
    except OSError as error:
        raise ZooError(f"{what} does not hold the blob {digest[:16]}... ({error.strerror}); copy it again") from None


def _blob(folder: Path, digest: str, what: str, name: str) -> bytes:
    data = _open(folder, digest, what).read(0, MAX_JSON + 1)
    if len(data) > MAX_JSON:
        raise ZooError(f"{name} of {what} is longer than {MAX_JSON >> 20} MiB, so it is not read")
    if hashlib.sha256(data).hexdigest() != digest:
        raise ZooError(f"{name} of {what} has other bytes than its digest says: refused")
    return data


def _json(file: Path, what: str) -> Any:
    try:
        data = FileSource(file).read(0, MAX_JSON + 1)
    except OSError as error:
        raise ZooError(f"{what} is no image layout: {file} cannot be read ({error.strerror})") from None
    if len(data) > MAX_JSON:
        raise ZooError(f"{file} is longer than {MAX_JSON >> 20} MiB, so it is not read")
    return safe.parse_json(data, str(file))


def _list(told: Any, key: str) -> list[Any]:
    found = told.get(key) if isinstance(told, dict) else None
    if not isinstance(found, list):
        raise ZooError(f"an image layout has a list {key!r}; this one has none")
    return found


def _strings(told: Any) -> dict[str, str]:
    return {key: value for key, value in told.items() if isinstance(value, str)} if isinstance(told, dict) else {}
