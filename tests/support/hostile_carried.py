"""Bundles and image layouts of somebody who means harm, and what must hold whatever is pulled from them.

`fuzz_bundle` and `fuzz_image` raise AssertionError where a byte is written outside the target or a wrong one accepted,
and whatever else a pull raises but ZooError; they return how many were pulled and refused.
"""

from __future__ import annotations

import json
import shutil
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.carried import SMALL, bundled, registry
from tests.support.user import User
from zoosmith.app.cli.main import main
from zoosmith.contract.errors import ZooError
from zoosmith.publish.opening import open_catalog
from zoosmith.publish.pull import Puller
from zoosmith.store.files import payload
from zoosmith.transfer.cache import Cache

NAMES = ["../out", "/tmp/out", "a/../../out", "TOY-A/v1/tokenizer.json", "registry.json", "bundle.json", "con", "a\\b",
         "x" * 300, "e\u0301", "\u202e", ".", ""]  # fmt: skip
TYPES = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE,
         tarfile.GNUTYPE_SPARSE, tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE, b"\xff"]  # fmt: skip
JUNK = st.one_of(st.binary(max_size=40), st.just(bytes(512)), st.just(bytes(1024)), st.sampled_from([b"{", b'"', b"9"]))
Change = Callable[[bytearray], bytes]


@st.composite
def changes(draw: Any) -> Change:
    """Bytes flipped, cut, put in, moved by blocks; or a header made anew for another name, type or size."""
    at, other = draw(st.integers(0, 1 << 16)), draw(st.integers(0, 1 << 16))
    kind = draw(st.sampled_from(["flip", "flip", "cut", "put", "block", "header", "header", "same"]))
    junk, name, type = draw(JUNK), draw(st.sampled_from(NAMES)), draw(st.sampled_from(TYPES))
    size, field = draw(st.sampled_from([0, 1, 512, 1 << 33, 1 << 60])), draw(st.sampled_from(["name", "type", "size"]))

    def change(data: bytearray) -> bytes:
        place = at % len(data)
        if kind == "flip":
            data[place] ^= 1 << other % 8
        elif kind == "cut":
            del data[place:]
        elif kind == "put":
            data[place:place] = junk
        elif kind == "block":
            data[place // 512 * 512 : place // 512 * 512] = data[other % len(data) // 512 * 512 :][: 512 * (1 + at % 3)]
        elif kind == "header":
            heads = [i for i in range(0, len(data), 512) if data[i + 257 : i + 262] == b"ustar"]
            if heads:
                spoil(data, heads[at % len(heads)], field, {"name": name, "type": type, "size": size})
        return bytes(data)

    return change


def spoil(data: bytearray, at: int, field: str, values: dict[str, Any]) -> None:
    try:
        info = tarfile.TarInfo.frombuf(bytes(data[at : at + 512]), "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return  # it is spoilt already
    setattr(info, field, values[field])
    info.linkname = "/etc/passwd" if field == "type" else ""
    made = info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
    data[at : at + 512] = made if field != "name" else made[-512:]


class Box:
    """A sound carried thing, and a place for each try."""

    def __init__(self, folder: Path) -> None:
        self.user: User = registry(folder)
        self.folder = folder
        self.seen: Counter[str] = Counter()

    def tried(self, carried: str) -> None:
        """Pull it on a machine that has nothing; raise AssertionError where harm was done."""
        home, cache = self.folder / "home", Cache(self.folder / "machine")
        around = {path for path in self.folder.iterdir() if path.name not in ("home", "machine")}
        try:
            catalog = open_catalog(carried, self.folder, cache)
            Puller(catalog, home, cache, self.user.progress, self.user.retry).pull("toy-a")
            self.seen["pulled"] += 1
        except ZooError:
            self.seen["refused"] += 1
        left = {path.name for path in home.iterdir()} if home.is_dir() else set()
        assert left <= {"toy-a", "toy-base"}
        wanted = {"toy-a": SMALL, "toy-base": {"base.safetensors": b"base" * 50}}
        for name in left:
            found = {path.as_posix(): (home / name / path).read_bytes() for path in payload(home / name)}
            found.pop("manifest.json")
            assert found == wanted[name]
        assert {path for path in self.folder.iterdir() if path.name not in ("home", "machine")} == around
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(self.folder / "machine")


def fuzz_bundle(box: Box, examples: int) -> Counter[str]:
    """So many bundles."""
    sound = bundled(box.user, box.folder / "sound.zoosmith").read_bytes()
    spoilt = box.folder / "spoilt.zoosmith"
    spoilt.touch()

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(changes(), min_size=1, max_size=3))
    def harmless(made: list[Change]) -> None:
        data = sound
        for change in made:
            data = change(bytearray(data)) or b"\0"
        spoilt.write_bytes(data)
        box.tried(str(spoilt))

    harmless()
    return box.seen


def fuzz_image(box: Box, examples: int) -> Counter[str]:
    """Each file of a layout: bytes flipped, cut, put in; a manifest's digests are made to agree half of the time."""
    sound = box.folder / "sound"
    assert main(["-q", "export", "toy-a", "--oci", str(sound), "--registry", str(box.user.registry)]) == 0
    files = payload(sound)
    spoilt = box.folder / "spoilt"
    spoilt.mkdir()

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 1 << 16), changes(), st.booleans(), st.sampled_from(["", "digest", "annotations", "layers"]))
    def harmless(which: int, change: Change, agree: bool, key: str) -> None:
        shutil.rmtree(spoilt)
        shutil.copytree(sound, spoilt)
        file = spoilt / files[which % len(files)]
        if key:
            index = spoilt / "index.json"
            told = json.loads(index.read_text())
            told["manifests"][0][key] = which if agree else None
            index.write_text(json.dumps(told))
        else:
            file.write_bytes(change(bytearray(file.read_bytes() or b"\0")))
        box.tried(f"oci:{spoilt}")

    harmless()
    return box.seen
