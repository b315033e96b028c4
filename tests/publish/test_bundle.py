"""What is carried by hand is what a registry has: bundled there, pulled here without a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.publish.test_round_trip import contents, zoosmith
from tests.support.carried import SMALL, bundled, elsewhere, user
from tests.support.published import publish, serving
from tests.support.user import User, visible
from zoosmith.app.cli.main import main
from zoosmith.publish import archive
from zoosmith.publish.opening import open_catalog
from zoosmith.publish.pull import Puller

__all__ = ["user"]  # a fixture

NAME = "family0-a0"


def test_an_artifact_and_what_it_needs_arrive_as_they_were(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    file = bundled(user, Path("zoo.zoosmith"))
    elsewhere(user, monkeypatch)
    assert main(["pull", str(file), "--into", str(user.home)]) == 0
    assert visible(user.home) == ["toy-a", "toy-base"]
    assert user.holds("toy-a", SMALL)
    assert user.holds("toy-base", {"base.safetensors": b"base" * 50})


def test_the_same_content_is_the_same_bytes_from_a_folder_and_from_a_web_server(user: User) -> None:
    first = bundled(user, Path("a.zoosmith")).read_bytes()
    with serving(user.registry) as server:
        assert main(["-q", "bundle", "toy-a@1", "-o", "b.zoosmith", "--registry", server.url]) == 0
    assert Path("b.zoosmith").read_bytes() == first
    assert [path for path in Path().iterdir() if path.name.startswith(".")] == []


def test_it_holds_cards_licences_rows_and_nothing_that_was_not_asked_for(user: User) -> None:
    publish(user.registry, "toy-other", {"model.onnx": b"other"})
    with tarfile.open(bundled(user, Path("zoo.zoosmith"))) as tar:
        names = tar.getnames()
        licences = tar.extractfile("LICENCES.txt")
        assert licences is not None
        told = licences.read().decode()
    assert names[:2] == ["bundle.json", "registry.json"]
    assert names[2:] == sorted(
        ["LICENCES.txt", "toy-a/v1/zoosmith.json", "toy-base/v1/zoosmith.json", "toy-a/v1/manifest.json",
         "toy-base/v1/manifest.json", "toy-base/v1/base.safetensors", "toy-a/v1/onnx/model_quantized.onnx",
         "toy-a/v1/tokenizer.json"]
    )  # fmt: skip
    assert "toy-a@1: apache-2.0; from" in told


def test_it_unpacks_to_a_registry(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    file = bundled(user, Path("zoo.zoosmith"))
    elsewhere(user, monkeypatch)
    with tarfile.open(file) as tar:
        tar.extractall("out", filter="data")
    assert main(["-q", "pull", "toy-a", "--registry", "out", "--into", str(user.home)]) == 0
    assert user.holds("toy-a", SMALL)


def test_several_versions_and_one_of_them_by_name(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(user.registry, "toy-b", {"model.onnx": b"one"})
    publish(user.registry, "toy-b", {"model.onnx": b"two"})
    file = bundled(user, Path("zoo.zoosmith"), "toy-b@1", "toy-b", "toy-a")
    elsewhere(user, monkeypatch)
    assert main(["-q", "pull", str(file), "toy-b@1", "--into", str(user.home)]) == 0
    assert visible(user.home) == ["toy-b"]
    assert user.holds("toy-b", {"model.onnx": b"one"})


def test_it_is_shown_searched_and_verified_as_a_registry_is(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(bundled(user, Path("zoo.zoosmith")))
    capsys.readouterr()
    assert main(["search", "--registry", file]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["toy-a@1", "toy-base@1"]
    assert main(["show", "toy-a", "--registry", file]) == 0
    assert "toy-a/v1/" in capsys.readouterr().out
    assert main(["verify", file]) == 0
    assert "it holds toy-a@1, toy-base@1" in capsys.readouterr().out
    assert main(["-q", "pull", file, "--into", "home"]) == 0
    assert main(["verify", "home/toy-a", "--registry", file]) == 0
    data = bytearray(Path(file).read_bytes())
    data[data.index(b"weightsweights")] ^= 1
    Path(file).write_bytes(data)
    assert main(["verify", file]) == 1
    assert "SHA-256 of toy-a/v1/onnx/model_quantized.onnx differs" in capsys.readouterr().err


def test_wrong_bytes_are_refused_and_nothing_is_left(
    user: User, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = bundled(user, Path("zoo.zoosmith"))
    elsewhere(user, monkeypatch)
    data = bytearray(file.read_bytes())
    data[data.index(b"weightsweights")] ^= 1
    file.write_bytes(data)
    assert main(["-q", "pull", str(file), "toy-a", "--into", str(user.home)]) == 1
    assert "model.onnx has other bytes there than it should (SHA-256 differs): refused" in capsys.readouterr().err
    assert visible(user.home) == []


def packed_with(user: User, change: Any) -> Path:
    """A sound bundle of a registry whose rows were changed."""
    file = bundled(user, Path("zoo.zoosmith"))
    packed = archive.read(file)
    told = json.loads(packed.files["registry.json"]().read(0, 1 << 20))
    change(told["artifacts"]["toy-a"]["versions"]["1"])
    files = {path: packed.files[path]().read(0, 1 << 20) for path in packed.files}
    files["registry.json"] = json.dumps(told).encode()
    archive.write(file, [archive.member(path, data) for path, data in files.items()], packed.asked)
    return file


@pytest.mark.parametrize(
    ("locations", "said"),
    [
        (["https://evil.example/toy-a/"], "has a backslash or a colon"),
        (["file:///etc/"], "has a backslash or a colon"),
        (["../registry/toy-a/v1/"], "expected a relative path"),
        (["/etc/"], "expected a relative path"),
        (["elsewhere/"], "holds no 'elsewhere/zoosmith.json'"),
    ],
)
def test_a_bundle_points_nowhere_else(
    user: User, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, locations: list[str], said: str
) -> None:
    file = packed_with(user, lambda row: row.update(locations=locations))
    monkeypatch.setenv("XDG_CACHE_HOME", str(user.home.parent / "other"))
    assert main(["-q", "pull", str(file), "toy-a", "--into", str(user.home)]) == 1
    assert said in capsys.readouterr().err
    assert "toy-a" not in visible(user.home)


def test_one_bundle_is_named_and_no_registry_beside_it(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pull", "zoo.zoosmith", "--registry", "registry"]) == 1
    assert "leave --registry out" in capsys.readouterr().err
    assert main(["pull", "zoo.zoosmith"]) == 1
    assert "zoo.zoosmith cannot be read (No such file or directory)" in capsys.readouterr().err
    assert main(["bundle", "toy-x", "-o", "zoo.zoosmith", "--registry", "registry"]) == 1
    assert "has no artifact 'toy-x'" in capsys.readouterr().err
    assert not Path("zoo.zoosmith").exists()


def test_a_short_disk_is_told_before_a_byte_is_written(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    file = bundled(user, Path("zoo.zoosmith"))
    elsewhere(user, monkeypatch)
    monkeypatch.setattr("zoosmith.publish.room.free", lambda folder: 500)
    catalog = open_catalog(str(file), Path("/nowhere"), user.cache)
    from zoosmith.contract.errors import ZooError

    with pytest.raises(ZooError, match="the disk is short: toy-a@1 and 1 that it needs take"):
        Puller(catalog, user.home, user.cache, user.progress, user.retry).pull("toy-a")
    assert not user.home.exists()


def test_a_zoo_bundles_what_it_built_unpublished_with_its_card(zoo: Path, tmp_path: Path) -> None:
    """And the registry that it is published to gives the same bytes."""
    zoosmith(zoo, "bundle", NAME, "-o", str(tmp_path / "zoo.zoosmith"))
    (tmp_path / "away").mkdir()
    settings = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path), "http_proxy": "http://127.0.0.1:1",
                "https_proxy": "http://127.0.0.1:1"}  # fmt: skip
    zoosmith(tmp_path / "away", "pull", str(tmp_path / "zoo.zoosmith"), **settings)
    original = contents(zoo / "artifacts" / NAME)
    pulled = contents(tmp_path / "away" / NAME)
    assert {path: data for path, data in pulled.items() if path in original} == original
    with tarfile.open(tmp_path / "zoo.zoosmith") as tar:
        card = tar.extractfile(f"{NAME}/v1/README.md")
        assert card is not None
        assert NAME in card.read().decode()
    again = tmp_path / "again.zoosmith"
    zoosmith(zoo, "push", NAME, "--to", f"file://{tmp_path / 'out'}")
    zoosmith(zoo, "bundle", NAME, "-o", str(again), "--registry", str(tmp_path / "out"))
    assert again.read_bytes() == (tmp_path / "zoo.zoosmith").read_bytes()


def test_wheels_come_along(user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip is asked for zoosmith with the extra of the format; here a command in its place, which tells what it got."""
    fake = tmp_path / "python"
    fake.write_text(
        f"#!{sys.executable}\nimport sys, pathlib\nto = pathlib.Path(sys.argv[sys.argv.index('--dest') + 1])\n"
        "to.mkdir(parents=True)\n"
        "wanted = next(word for word in sys.argv if word.startswith('zoosmith['))\n"
        "(to / 'zoosmith-0.1.0-py3-none-any.whl').write_text(wanted)\n"
    )
    fake.chmod(0o755)
    monkeypatch.setattr("zoosmith.publish.wheels.sys.executable", str(fake))
    assert main(["-q", "bundle", "toy-a", "-o", "zoo.zoosmith", "--registry", "registry", "--wheels"]) == 0
    monkeypatch.undo()
    packed = archive.read(tmp_path / "zoo.zoosmith")
    assert packed.files["wheels/zoosmith-0.1.0-py3-none-any.whl"]().read(0, 1000) == b"zoosmith[onnx]==0.1.0"


def test_pip_that_has_no_wheels_is_told(user: User, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    environment = {
        "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://ann:canaryOfAToken@127.0.0.1:9/simple",
        "PIP_RETRIES": "0", "PIP_FIND_LINKS": str(tmp_path / "none"), "XDG_CACHE_HOME": str(tmp_path),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "zoosmith.app.cli.main", "bundle", "toy-a", "-o", "zoo.zoosmith", "--registry",
         "registry", "--wheels"],
        env=os.environ | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "pip has no wheels of zoosmith[onnx]==" in done.stderr
    assert "set PIP_FIND_LINKS=DIR" in done.stderr
    assert "canaryOfAToken" not in done.stdout + done.stderr
    assert sorted(p.name for p in tmp_path.iterdir() if "zoosmith" in p.name) == ["zoosmith"]


def test_a_registry_of_many_files_is_bundled_to_the_same_bytes(user: User) -> None:
    first = bundled(user, Path("a.zoosmith")).read_bytes()
    assert main(["-q", "migrate", "registry"]) == 0
    assert json.loads((user.registry / "registry.json").read_text())["schema"] == 3
    assert bundled(user, Path("b.zoosmith")).read_bytes() == first


def test_a_bundle_whose_rows_lie_elsewhere_is_refused(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    """A registry of many files inside it would be read from where its index lies."""
    file = bundled(user, Path("zoo.zoosmith"))
    packed = archive.read(file)
    files = {path: packed.files[path]().read(0, 1 << 20) for path in packed.files}
    files["registry.json"] = json.dumps({"schema": 3, "index": {"00": "0" * 64}}).encode()
    archive.write(file, [archive.member(path, data) for path, data in files.items()], packed.asked)
    assert main(["pull", str(file), "--into", str(user.home)]) == 1
    assert "is of many files, which lie elsewhere: refused" in capsys.readouterr().err
