"""The form of a bundle: equal content, equal bytes; any other byte is refused by what it is."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from zoosmith.common.canonical import pretty
from zoosmith.contract.errors import ZooError
from zoosmith.publish import archive, room
from zoosmith.publish.archive import INDEX, member

LONG = f"toy-a/v1/{'d' * 120}/modèle.json"
FILES = {"registry.json": b"{}", "toy-a/v1/model.onnx": b"w" * 1300, "toy-a/v1/empty": b"", LONG: b"x"}


def written(folder: Path, files: dict[str, bytes] = FILES) -> Path:
    target = folder / "zoo.zoosmith"
    archive.write(target, [member(path, data) for path, data in files.items()], ["toy-a@1"])
    return target


def test_what_is_written_is_read_in_place(tmp_path: Path) -> None:
    packed = archive.read(written(tmp_path))
    assert {path: source().read(0, 1 << 20) for path, source in packed.files.items()} == FILES
    assert packed.asked == ("toy-a@1",)
    assert packed.wrong() == []
    assert [path.name for path in tmp_path.iterdir()] == ["zoo.zoosmith"]


def test_the_bytes_are_those_of_the_format(tmp_path: Path) -> None:
    """Another digest here means that bundles written before are no longer read."""
    found = hashlib.sha256(written(tmp_path).read_bytes()).hexdigest()
    assert found == "21a8e788f31aa09081437ebd9d48d7459bff1413acffc4215c81c51f179399af"


def test_any_tar_unpacks_it(tmp_path: Path) -> None:
    with tarfile.open(written(tmp_path)) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    found = {str(p.relative_to(tmp_path / "out")): p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert found.pop(INDEX)
    assert found == FILES


def test_a_file_that_is_no_bundle_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "zoo.zoosmith").write_text("work of somebody")
    with pytest.raises(ZooError, match="is there and is no bundle"):
        written(tmp_path)
    assert (tmp_path / "zoo.zoosmith").read_text() == "work of somebody"
    (tmp_path / "zoo.zoosmith").unlink()
    assert written(tmp_path).read_bytes() == written(tmp_path).read_bytes()


def test_a_short_disk_is_told_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "free", lambda folder: 5000)
    with pytest.raises(ZooError, match=r"the disk is short: .*zoo.zoosmith takes 8\.\d kB, and 5\.0 kB are free"):
        written(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_changed_leaves_the_old_file(tmp_path: Path) -> None:
    before = written(tmp_path).read_bytes()
    (tmp_path / "source").write_bytes(b"other")
    with pytest.raises(ZooError, match=r"model\.onnx changed while it was written"):
        archive.write(tmp_path / "zoo.zoosmith", [member("model.onnx", tmp_path / "source", 5, "0" * 64)], ["toy-a@1"])
    assert (tmp_path / "zoo.zoosmith").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "zoo.zoosmith"]


def tar(*members: tuple[str, bytes, dict[str, Any]], told: list[tuple[str, bytes]] | None = None) -> bytes:
    """A tar of somebody who means harm; its index tells of `told`, else of the members."""
    listed = [(name, data) for name, data, _ in members] if told is None else told
    index = pretty(
        {"schema": 1, "asked": [], "members": [
            {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for path, data in listed
        ]}
    ).encode()  # fmt: skip
    parts = []
    for name, data, changed in ((INDEX, index, {}), *members):
        info = tarfile.TarInfo(name)
        info.size = len(data)
        for key, value in changed.items():
            setattr(info, key, value)
        parts.append(info.tobuf(tarfile.PAX_FORMAT) + data + bytes(-len(data) % 512))
    return b"".join(parts) + bytes(1024)


def endless() -> bytes:
    info = tarfile.TarInfo(INDEX)
    info.size = 1 << 40
    return info.tobuf(tarfile.GNU_FORMAT)


GOOD = ("a", b"data", {})


def kind(type: bytes, **more: Any) -> bytes:
    return tar(("a", b"", {"type": type, **more}), told=[("a", b"")])


def spoilt(change: Callable[[bytearray], Any]) -> bytes:
    data = bytearray(tar(GOOD))
    change(data)
    return bytes(data)


HOSTILE = {
    "a link": (kind(tarfile.SYMTYPE, linkname="/etc/passwd"), "'a' is a symbolic link; a bundle holds plain files"),
    "a hard link": (kind(tarfile.LNKTYPE, linkname="bundle.json"), "'a' is a hard link"),
    "a device": (kind(tarfile.CHRTYPE, devmajor=1, devminor=5), "'a' is a character device"),
    "a disk": (kind(tarfile.BLKTYPE), "'a' is a block device"),
    "a pipe": (kind(tarfile.FIFOTYPE), "'a' is a named pipe"),
    "a folder": (kind(tarfile.DIRTYPE), "is a folder"),
    "traversal": (tar(("../a", b"", {})), r"'../a': .* expected a relative path"),
    "traversal in the tar alone": (tar(("../a", b"", {}), told=[("a", b"")]), "'../a' leads out of the folder"),
    "absolute": (tar(("/etc/passwd", b"", {})), r"'/etc/passwd': .* expected a relative path"),
    "absolute in the tar alone": (tar(("/a", b"", {}), told=[("a", b"")]), "'/a' leads out of the folder"),
    "a duplicate": (tar(GOOD, GOOD), "the path 'a' stands twice"),
    "a duplicate in the tar alone": (tar(GOOD, GOOD, told=[("a", b"data")]), "holds more files than its index"),
    "case": (tar(GOOD, ("A", b"", {})), "'a' and 'A' would be one on some file systems"),
    "a second index": (tar((INDEX, b"{}", {})), "the path 'bundle.json' stands twice"),
    "another file": (tar(("b", b"data", {}), told=[("a", b"data")]), "'b' stands where the index has a"),
    "a bomb": (tar(("a", b"x" * 4000, {}), told=[("a", b"x")]), "a has 4000 bytes, and 1 by the index"),
    "too many": (tar(told=[(f"f{i}", b"") for i in range(10_001)]), "more than 10000 files"),
    "fewer than told": (tar(told=[("a", b"")]), "it ends before a, which the index tells of"),
    "an endless index": (
        tarfile.TarInfo(INDEX).tobuf()[:124] + b"77777777777\0" + bytes(376),
        "does not begin|index of",
    ),
    "a time": (tar(("a", b"", {"mtime": 7})), "the header of a is not as `zoosmith bundle` writes it"),
    "cut off": (tar(GOOD)[:-600], "is cut off"),
    "cut in a member": (tar(("a", b"x" * 4000, {}))[:-4000], "is cut off: a takes 4000 bytes by the index"),
    "trailing": (tar(GOOD) + b"more", "has 4 bytes behind its end"),
    "padded": (tar(GOOD) + bytes(9216), "has 9216 bytes behind its end"),
    "hidden bytes": (spoilt(lambda data: data.__setitem__(-1030, 1)), "bytes are hidden behind a"),
    "no checksum": (spoilt(lambda data: data.__setitem__(0, 66)), "does not begin as a tar does"),
    "no tar": (b"PK\x03\x04" + bytes(2000), "does not begin as a tar does"),
    "empty": (b"", "does not begin as a tar does"),
    "zeros": (bytes(10240), "does not begin as a tar does"),
    "another tar": (tar()[1024:] or b"", "does not begin|stands where"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_bundle_never_is_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    data, said = HOSTILE[name]
    (tmp_path / "zoo.zoosmith").write_bytes(data)
    with pytest.raises(ZooError, match=said):
        archive.read(tmp_path / "zoo.zoosmith")


def test_an_ordinary_tar_of_the_same_files_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as out:
        for path, data in {INDEX: json.dumps({}).encode(), **FILES}.items():
            info = tarfile.TarInfo(path)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    (tmp_path / "zoo.zoosmith").write_bytes(buffer.getvalue())
    with pytest.raises(ZooError, match=r"the index of .* is damaged"):
        archive.read(tmp_path / "zoo.zoosmith")


def test_wrong_bytes_are_found_when_all_is_read(tmp_path: Path) -> None:
    target = written(tmp_path)
    data = bytearray(target.read_bytes())
    data[data.index(b"wwww")] ^= 1
    target.write_bytes(data)
    assert archive.read(target).wrong() == ["toy-a/v1/model.onnx"]
