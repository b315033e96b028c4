"""An export is an image layout as OCI and ModelPack describe it, real tools take it, and a copy is pulled."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.support.carried import SMALL, registry
from tests.support.distribution import container_registry
from tests.support.user import User, visible
from zoosmith.app.cli.main import main

DIGEST = r"^sha256:[a-f0-9]{64}$"
MEDIA = r"^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$"
STRINGS = {"type": "object", "additionalProperties": {"type": "string"}}
DESCRIPTOR = {  # image-spec v1.1, descriptor.md
    "type": "object",
    "required": ["mediaType", "digest", "size"],
    "properties": {
        "mediaType": {"type": "string", "pattern": MEDIA}, "digest": {"type": "string", "pattern": DIGEST},
        "size": {"type": "integer", "minimum": 0}, "annotations": STRINGS,
        "artifactType": {"type": "string", "pattern": MEDIA},
    },
}  # fmt: skip
MANIFEST = {  # manifest.md
    "type": "object",
    "required": ["schemaVersion", "mediaType", "artifactType", "config", "layers"],
    "properties": {
        "schemaVersion": {"const": 2}, "mediaType": {"const": "application/vnd.oci.image.manifest.v1+json"},
        "artifactType": {"const": "application/vnd.cncf.model.manifest.v1+json"}, "config": DESCRIPTOR,
        "layers": {"type": "array", "minItems": 1, "items": DESCRIPTOR}, "annotations": STRINGS,
    },
}  # fmt: skip
INDEX = {  # image-index.md
    "type": "object",
    "required": ["schemaVersion", "manifests"],
    "properties": {
        "schemaVersion": {"const": 2}, "mediaType": {"const": "application/vnd.oci.image.index.v1+json"},
        "manifests": {"type": "array", "items": DESCRIPTOR},
    },
}  # fmt: skip
CONFIG = {  # ModelPack's schema/config-schema.json, the keys that are written here
    "type": "object", "additionalProperties": False, "required": ["descriptor", "config", "modelfs"],
    "properties": {
        "descriptor": {
            "type": "object", "additionalProperties": False,
            "properties": {"name": {"type": "string", "minLength": 1}, "version": {"type": "string"},
                           "family": {"type": "string"}, "title": {"type": "string"},
                           "licenses": {"type": "array", "items": {"type": "string"}}},
        },
        "config": {"type": "object", "additionalProperties": False,
                   "properties": {"format": {"type": "string"}, "precision": {"type": "string"}}},
        "modelfs": {
            "type": "object", "additionalProperties": False, "required": ["type", "diffIds"],
            "properties": {"type": {"const": "layers"},
                           "diffIds": {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": DIGEST}}},
        },
    },
}  # fmt: skip


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> User:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.chdir(tmp_path)
    made = registry(tmp_path)
    assert main(["-q", "export", "toy-a", "--oci", "image", "--registry", str(made.registry)]) == 0
    return made


def entry(folder: str) -> dict[str, Any]:
    """The one image of a layout."""
    (found,) = json.loads((Path(folder) / "index.json").read_text())["manifests"]
    return dict(found)


def told(folder: str, descriptor: dict[str, Any]) -> Any:
    data = blob(folder, descriptor)
    return json.loads(data)


def blob(folder: str, descriptor: dict[str, Any]) -> bytes:
    """Its bytes, which must be those that the descriptor tells of."""
    data = (Path(folder) / "blobs/sha256" / descriptor["digest"].removeprefix("sha256:")).read_bytes()
    assert len(data) == descriptor["size"]
    assert f"sha256:{hashlib.sha256(data).hexdigest()}" == descriptor["digest"]
    return data


def test_the_layout_is_as_the_specifications_say(user: User) -> None:
    assert json.loads(Path("image/oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads(Path("image/index.json").read_text())
    jsonschema.validate(index, INDEX)
    (entry,) = index["manifests"]
    manifest = told("image", entry)
    jsonschema.validate(manifest, MANIFEST)
    assert manifest["config"]["mediaType"] == "application/vnd.cncf.model.config.v1+json"
    config = told("image", manifest["config"])
    jsonschema.validate(config, CONFIG)
    assert config["modelfs"]["diffIds"] == [layer["digest"] for layer in manifest["layers"]]
    types = {}
    for layer in manifest["layers"]:
        blob("image", layer)
        types[layer["annotations"]["org.cncf.model.filepath"]] = layer["mediaType"].removeprefix(
            "application/vnd.cncf.model."
        )
    assert types == {
        "onnx/model_quantized.onnx": "weight.v1.raw", "tokenizer.json": "weight.config.v1.raw",
        "manifest.json": "weight.config.v1.raw", "zoosmith.json": "doc.v1.raw", "registry.json": "doc.v1.raw",
        "LICENCES.txt": "doc.v1.raw", "needs/toy-base/base.safetensors": "weight.v1.raw",
        "needs/toy-base/manifest.json": "weight.config.v1.raw", "needs/toy-base/zoosmith.json": "doc.v1.raw",
    }  # fmt: skip
    blobs = {path.name for path in Path("image/blobs/sha256").iterdir()}
    named = {each["digest"] for each in [entry, manifest["config"], *manifest["layers"]]}
    assert {f"sha256:{name}" for name in blobs} == named


def test_the_same_artifact_is_the_same_image(user: User) -> None:
    assert main(["-q", "export", "toy-a", "--oci", "again", "--registry", str(user.registry)]) == 0
    assert Path("again/index.json").read_bytes() == Path("image/index.json").read_bytes()


def test_what_is_there_is_not_written_over(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-q", "export", "toy-a", "--oci", "image", "--registry", str(user.registry)]) == 1
    assert "image is there; an image is written whole" in capsys.readouterr().err


def test_an_image_is_pulled_shown_and_verified(
    user: User, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(user.home.parent / "other"))
    user.registry.rename(user.registry.with_name("gone"))
    assert main(["-q", "verify", "oci:image"]) == 0
    assert main(["-q", "show", "toy-a", "--registry", "oci:image"]) == 0
    assert main(["-q", "pull", "oci:image", "--into", str(user.home)]) == 0
    assert visible(user.home) == ["toy-a", "toy-base"]
    assert user.holds("toy-a", SMALL)


def change(file: Path, made: Any) -> None:
    told = json.loads(file.read_text())
    made(told)
    file.write_text(json.dumps(told))


HOSTILE = {
    "digest": (lambda m: m.update(digest="sha256:../../../etc/passwd"), r"expected sha256:<64 digits>"),
    "absent": (lambda m: m.update(digest=f"sha256:{'0' * 64}"), "does not hold the blob 0000"),
    "type": (lambda m: m.update(artifactType="application/x"), "holds 0 images"),
    "none": (lambda m: m.clear(), "names a blob by 'None'"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_index_is_refused(user: User, capsys: pytest.CaptureFixture[str], name: str) -> None:
    made, said = HOSTILE[name]
    change(Path("image/index.json"), lambda told: made(told["manifests"][0]))
    assert main(["-q", "pull", "oci:image", "--into", str(user.home)]) == 1
    assert re.search(said, capsys.readouterr().err)
    assert not user.home.exists()


def test_wrong_bytes_and_links_in_blobs_are_refused(
    user: User, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = Path("image/blobs/sha256") / hashlib.sha256(SMALL["model.onnx"]).hexdigest()
    weights.write_bytes(b"X" + SMALL["model.onnx"][1:])
    monkeypatch.setenv("XDG_CACHE_HOME", str(user.home.parent / "other"))
    assert main(["-q", "pull", "oci:image", "--into", str(user.home)]) == 1
    assert "model.onnx has other bytes there" in capsys.readouterr().err
    weights.unlink()
    weights.symlink_to("/etc/passwd")
    assert main(["-q", "pull", "oci:image", "--into", str(user.home)]) == 1
    assert "model.onnx has" in capsys.readouterr().err
    assert not any(path.name == "toy-a" for path in user.home.iterdir())


@pytest.mark.parametrize("spoilt", [b"[" * 100_000, b'{"schema": ' + b"9" * 9000 + b"}", b'{"schema": 3}', b"\xff"])
def test_a_hostile_registry_in_an_image_is_refused(
    user: User, spoilt: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """With digests that all agree."""

    def put(data: bytes) -> dict[str, Any]:
        name = hashlib.sha256(data).hexdigest()
        (Path("image/blobs/sha256") / name).write_bytes(data)
        return {"digest": f"sha256:{name}", "size": len(data)}

    index = json.loads(Path("image/index.json").read_text())
    manifest = told("image", index["manifests"][0])
    (layer,) = [each for each in manifest["layers"] if "registry.json" in each["annotations"].values()]
    layer.update(put(spoilt))
    index["manifests"][0].update(put(json.dumps(manifest).encode()))
    Path("image/index.json").write_text(json.dumps(index))
    assert main(["-q", "pull", "oci:image", "--into", str(user.home)]) == 1
    said = capsys.readouterr().err
    assert "registry.json of oci:image" in said
    assert "Traceback" not in said
    assert not user.home.exists()


def test_two_images_need_a_tag(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    def both(told: Any) -> None:
        other = json.loads(json.dumps(told["manifests"][0]))
        other["annotations"]["org.opencontainers.image.ref.name"] = "v2"
        told["manifests"].append(other)

    change(Path("image/index.json"), both)
    assert main(["-q", "verify", "oci:image"]) == 1
    assert "tags: v1, v2" in capsys.readouterr().err
    assert main(["-q", "verify", "oci:image:v1"]) == 0


def test_skopeo_carries_it_through_a_container_registry(
    user: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Real skopeo, a small registry on the loopback: there and back, and what comes is what went."""
    skopeo = shutil.which("skopeo")
    if skopeo is None:
        if os.environ.get("CI"):
            pytest.fail("skopeo is not installed; `apt-get install skopeo`")
        pytest.skip("skopeo is not installed")
    copy = [skopeo, "--insecure-policy", "copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false"]
    with container_registry() as server:
        place = f"docker://{server.address}/zoo/toy-a:v1"
        subprocess.run([*copy, "oci:image", place], check=True, timeout=60)
        subprocess.run([*copy, place, "oci:came"], check=True, timeout=60)
        kind, pushed = server.manifests["zoo/toy-a v1"]
    assert kind == "application/vnd.oci.image.manifest.v1+json"
    assert f"sha256:{hashlib.sha256(pushed).hexdigest()}" == entry("image")["digest"]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    assert main(["-q", "pull", "oci:came", "--into", str(user.home)]) == 0
    assert user.holds("toy-a", SMALL)
