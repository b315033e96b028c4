"""An artifact as an image layout of OCI with ModelPack's media types, which `skopeo copy oci:DIR docker://...` takes.

Source: https://github.com/opencontainers/image-spec (image-layout.md, manifest.md, descriptor.md), v1.1;
https://github.com/modelpack/model-spec (spec.md, config-schema.json, annotations.md), v1. Layers are files as they are
("raw"): nothing is packed or compressed, so a layer's digest is the SHA-256 that the registry's row has. The same
artifact gives the same bytes; no time is written.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from zoosmith.common.canonical import canonical
from zoosmith.common.units import sized
from zoosmith.contract.errors import ZooError
from zoosmith.publish import room
from zoosmith.publish.archive import Member, member
from zoosmith.publish.content import LICENCES, Content, licences, registry_of
from zoosmith.records.registry import to_text
from zoosmith.store.files import copy_file, sync_file, sync_folder

LAYOUT, INDEX, BLOBS = "oci-layout", "index.json", "blobs/sha256"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MODEL = "application/vnd.cncf.model."
ARTIFACT_TYPE, CONFIG_TYPE = f"{MODEL}manifest.v1+json", f"{MODEL}config.v1+json"
WEIGHT, WEIGHT_CONFIG, DOC = f"{MODEL}weight.v1.raw", f"{MODEL}weight.config.v1.raw", f"{MODEL}doc.v1.raw"
FILEPATH = "org.cncf.model.filepath"
ASKED = "org.zoosmith.asked"  # the version that an image was made for
WEIGHTS = (".safetensors", ".onnx", ".gguf", ".onnx_data", ".data")
DOCS = (".md", ".sig", ".png", ".svg", "registry.json", "zoosmith.json", LICENCES, "LICENSE", "NOTICE")


class Image(NamedTuple):
    """What an export wrote: the folder, the digest of its manifest, its size in bytes."""

    folder: Path
    digest: str
    size: int


def export(contents: tuple[Content, ...], own: Content, folder: Path) -> Image:
    """Write the layout of one artifact, and of what it needs, as `folder`, which must not be there.

    contents: all that is exported, `own` among them. Raises ZooError where the folder is there, the disk is too small,
    or a file is not what its row says.
    """
    if folder.exists() or folder.is_symlink():
        raise ZooError(f"{folder} is there; an image is written whole: give a folder that is not there yet")
    layers = list(_layers(contents, own))
    size = sum({each.file.sha256: each.file.size for each in layers}.values())
    disk = room.existing(folder.parent)
    if size > room.free(disk):
        raise ZooError(f"the disk is short: the image takes {sized(size)}, and {sized(room.free(disk))} are free")
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700)
    try:
        digest = _fill(staging, layers, own)
        staging.chmod(0o755)
        staging.rename(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    sync_folder(folder.parent)
    return Image(folder, digest, size)


def _layers(contents: Iterable[Content], own: Content) -> Iterator[Member]:
    """A layer a file: its own where tools look for them, those of what it needs below `needs/NAME/`."""
    ordered = sorted(contents, key=lambda each: (str(each) != str(own), each.name, each.number))
    for each in ordered:
        for file, source in each.members():
            path = file.path.removeprefix(each.folder)
            where = path if str(each) == str(own) else f"needs/{each.name}/{path}"
            yield Member(file.model_copy(update={"path": where}), source)
    yield member(LICENCES, licences(ordered).encode())
    yield member("registry.json", to_text(registry_of(ordered)).encode())


def _fill(staging: Path, layers: list[Member], own: Content) -> str:
    blobs = staging / BLOBS
    blobs.mkdir(parents=True)
    for each in layers:
        _put(blobs / each.file.sha256, each)
    config = _blob(blobs, _config(own, layers))
    manifest = _blob(blobs, _manifest(own, layers, config))
    tag = {"org.opencontainers.image.ref.name": f"v{own.number}"}
    entry = {"mediaType": MANIFEST_TYPE, "artifactType": ARTIFACT_TYPE, **manifest, "annotations": tag}
    index = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [entry]}
    (staging / INDEX).write_bytes(canonical(index))
    (staging / LAYOUT).write_bytes(canonical({"imageLayoutVersion": "1.0.0"}))
    for file in (path for path in staging.rglob("*") if path.is_file()):
        sync_file(file)
    return str(manifest["digest"])


def _put(target: Path, each: Member) -> None:
    """Write a blob, once. Raises ZooError where the bytes are not those of its name."""
    if target.exists():
        return
    if isinstance(each.source, bytes):
        target.write_bytes(each.source)
    elif copy_file(each.source, target) != each.file.sha256:
        raise ZooError(f"{each.file.path} is not what its row says; `zoosmith verify` tells more")


def _blob(blobs: Path, told: Any) -> dict[str, Any]:
    """Write JSON as a blob; its digest and size."""
    data = canonical(told)
    name = hashlib.sha256(data).hexdigest()
    (blobs / name).write_bytes(data)
    return {"digest": f"sha256:{name}", "size": len(data)}


def _config(own: Content, layers: list[Member]) -> dict[str, Any]:
    """ModelPack's config; diffIds are the layers' own digests, as they are not compressed."""
    row = own.row
    about = {"name": own.name, "version": f"v{own.number}", "family": row.recipe, "licenses": [row.license]}
    config = {"format": row.format, "precision": row.precision}
    return {
        "descriptor": about | {"title": f"{own.name}: {row.task}, {row.format} {row.precision}"},
        "config": config,
        "modelfs": {"type": "layers", "diffIds": [f"sha256:{each.file.sha256}" for each in layers]},
    }


def _manifest(own: Content, layers: list[Member], config: dict[str, Any]) -> dict[str, Any]:
    annotations = {
        "org.opencontainers.image.title": own.name,
        "org.opencontainers.image.version": f"v{own.number}",
        "org.opencontainers.image.licenses": own.row.license,
        ASKED: str(own),
    }
    return {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "artifactType": ARTIFACT_TYPE,
        "config": {"mediaType": CONFIG_TYPE, **config},
        "layers": [_layer(each) for each in layers],
        "annotations": annotations,
    }


def _layer(each: Member) -> dict[str, Any]:
    file = each.file
    return {
        "mediaType": media_type(file.path),
        "digest": f"sha256:{file.sha256}",
        "size": file.size,
        "annotations": {FILEPATH: file.path},
    }


def media_type(path: str) -> str:
    """ModelPack's type of a file: weights, what configures them, or documents."""
    if path.endswith(WEIGHTS):
        return WEIGHT
    return DOC if path.endswith(DOCS) else WEIGHT_CONFIG
