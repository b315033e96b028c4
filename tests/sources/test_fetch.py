"""Bases: the first source with the right bytes wins; wrong bytes, links and pickles never enter."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from tests.support.step import make_step
from zoosmith.contract.errors import ZooError
from zoosmith.execution.worker import Step
from zoosmith.sources import fetch
from zoosmith.store.files import payload
from zoosmith.store.store import CorruptStore


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def step_for(project: Path, base: dict[str, object]) -> Step:
    return make_step(project, {}, {"base": base, "name": "toy/encoder"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = tmp_path / "bases" / "m"
    model.mkdir(parents=True)
    (model / "config.json").write_text("{}")
    (model / "extra.txt").write_text("not listed")
    return model


def test_only_listed_files_enter_and_the_manifest_names_them(tmp_path: Path, folder: Path) -> None:
    step = step_for(tmp_path, {"path": "bases/m", "files": {"config.json": sha256("{}")}})
    fetch.run(step)
    assert sorted(p.name for p in step.out.iterdir()) == ["config.json", "manifest.json"]
    manifest = json.loads((step.out / "manifest.json").read_text())
    assert manifest["files"] == {"config.json": sha256("{}")}
    assert step.notes == {"source": "path"}


SECRETS = (".env", "id_rsa", "credentials.json", ".cache/model.safetensors", "run/model.safetensors", "notes.md")


def test_where_none_is_listed_what_the_format_needs_enters_and_the_rest_is_said(tmp_path: Path, folder: Path) -> None:
    needed = ("config.json", "model.safetensors", "quants/a.gguf", "tokenizer.json", "vocab.txt")
    for name in (*needed[1:], *SECRETS):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x")
    (folder / "training_args.bin").write_bytes(b"\x80\x04.")
    said: list[str] = []
    step = step_for(tmp_path, {"path": "bases/m"})
    step.report = lambda message: said.append(str(message))
    fetch.run(step)
    assert {p.as_posix() for p in payload(step.out)} == {*needed, "manifest.json"}
    for name in (*SECRETS, "training_args.bin", "extra.txt"):
        assert name in step.notes["left_out"]
    assert any("toy/encoder: left out: .cache/model.safetensors, .env" in line for line in said)
    assert not any("outside the zoo" in line for line in said)


def test_a_listed_dotfile_is_refused(tmp_path: Path, folder: Path) -> None:
    (folder / ".env").write_text("TOKEN=x")
    with pytest.raises(ZooError, match=r"\.env is a dotfile"):
        fetch.run(step_for(tmp_path, {"path": "bases/m", "files": {".env": sha256("TOKEN=x")}}))


def test_a_path_outside_the_zoo_is_said(tmp_path: Path, folder: Path) -> None:
    said: list[str] = []
    step = step_for(tmp_path / "zoo", {"path": "../bases/m"})
    step.report = lambda message: said.append(str(message))
    fetch.run(step)
    assert any("bases/m, which lies outside the zoo" in line for line in said)


def test_a_snapshot_of_a_hubs_cache_is_followed_to_its_blobs(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "a1").write_text("weights")
    (folder / "model.safetensors").symlink_to("../../blobs/a1")
    (folder / "loop").symlink_to(folder)
    step = step_for(tmp_path, {"path": "bases/m"})
    fetch.run(step)
    assert (step.out / "model.safetensors").read_text() == "weights"
    assert not (step.out / "model.safetensors").is_symlink()
    (tmp_path / "blobs" / "a1").unlink()
    with pytest.raises(ZooError, match=r"model\.safetensors is a link to nothing"):
        fetch.run(step_for(tmp_path, {"path": "bases/m"}))


def test_a_path_may_be_one_file_and_a_link_to_it(tmp_path: Path) -> None:
    (tmp_path / "a.gguf").write_text("weights")
    (tmp_path / "b.gguf").symlink_to("a.gguf")
    for name in ("a.gguf", "b.gguf"):
        step = step_for(tmp_path, {"path": name})
        fetch.run(step)
        assert (step.out / name).read_text() == "weights"


@pytest.mark.parametrize("listed", [True, False])
def test_a_pointer_of_git_lfs_is_told_with_the_cure(tmp_path: Path, folder: Path, listed: bool) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 90868376\n"
    (folder / "model.safetensors").write_text(pointer)
    files = {"model.safetensors": "0" * 64} if listed else {}
    with pytest.raises(ZooError, match=r"model\.safetensors is a pointer of git-lfs, 1\d\d bytes.*`git lfs pull`"):
        fetch.run(step_for(tmp_path, {"path": "bases/m", "files": files}))


def test_a_hash_that_differs_names_file_both_hashes_and_leaves_nothing(tmp_path: Path, folder: Path) -> None:
    step = step_for(tmp_path, {"path": "bases/m", "files": {"config.json": "0" * 64}})
    with pytest.raises(
        ZooError, match=r"toy/encoder[\s\S]*path: config\.json has SHA-256 44136fa355b3678a.*expects 0{16}"
    ):
        fetch.run(step)
    assert list(step.out.iterdir()) == []


def test_a_missing_file_is_named(tmp_path: Path, folder: Path) -> None:
    step = step_for(tmp_path, {"path": "bases/m", "files": {"model.safetensors": "0" * 64}})
    with pytest.raises(ZooError, match=r"path: model\.safetensors is missing"):
        fetch.run(step)


def test_the_next_source_is_tried_when_the_first_has_other_bytes(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "config.json").write_text('{"changed": true}')
    monkeypatch.setattr(fetch.hf, "snapshot", lambda *arguments: other)
    base = {"repo": "o/m", "revision": "a" * 40, "path": "bases/m", "files": {"config.json": sha256("{}")}}
    step = step_for(tmp_path, base)
    fetch.run(step)
    assert step.notes == {"source": "path"}
    assert (step.out / "config.json").read_text() == "{}"


@pytest.mark.parametrize("name", ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "model.pt"])
def test_weights_in_a_pickle_alone_are_refused_with_the_cure(tmp_path: Path, folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"\x80\x04.")
    with pytest.raises(ZooError, match=rf"{name} is a pickle, .*save_pretrained"):
        fetch.run(step_for(tmp_path, {"path": "bases/m"}))


def test_a_hub_that_has_weights_in_a_pickle_alone_is_told(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pickle itself is not brought."""
    monkeypatch.setattr(fetch.hf, "snapshot", lambda *arguments: folder)
    step = step_for(tmp_path, {"repo": "o/m", "revision": "a" * 40})
    with pytest.raises(ZooError, match=r"o/m has a config\.json and no weights .*pytorch_model\.bin.*refs/pr/N"):
        fetch.run(step)
    (folder / "model.safetensors").write_text("x")
    fetch.run(step)
    assert (step.out / "model.safetensors").is_file()


def test_a_listed_pickle_is_refused(tmp_path: Path, folder: Path) -> None:
    (folder / "model.pt").write_bytes(b"\x80")
    files = {"model.pt": hashlib.sha256(b"\x80").hexdigest()}
    with pytest.raises(ZooError, match=r"model\.pt is a pickle.*files:"):
        fetch.run(step_for(tmp_path, {"path": "bases/m", "files": files}))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("config.json", {"auto_map": {"AutoModel": "m.M"}}, r"config\.json: auto_map: .*`path:`"),
        ("model.safetensors.index.json", {"weight_map": {"a": "../../x.safetensors"}}, r"weight_map: the path '\.\./"),
        ("adapter_config.json", {"base_model_name_or_path": "o/m"}, r"adapter_config\.json: transformers follows it"),
    ],
)
def test_what_leads_outside_or_to_code_is_refused(
    tmp_path: Path, folder: Path, name: str, content: dict[str, object], told: str
) -> None:
    (folder / name).write_text(json.dumps(content))
    with pytest.raises(ZooError, match=rf"toy/encoder is not opened[\s\S]*{told}"):
        fetch.run(step_for(tmp_path, {"path": "bases/m"}))


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ZooError, match="bases/none is no folder"):
        fetch.run(step_for(tmp_path, {"path": "bases/none"}))


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A blob of a hub's cache, which a snapshot gives as a hard link; files above 20 bytes are large."""
    monkeypatch.setattr(fetch, "LARGE", 20)
    blobs = tmp_path / "cache"
    blobs.mkdir()
    (blobs / "weights").write_text("w" * 40)
    (blobs / "config").write_text("{}")

    def snapshot(repo: str, revision: str, files: list[str], folder: Path, *_: object) -> Path:
        folder.mkdir(parents=True)
        os.link(blobs / "weights", folder / "model.safetensors")
        os.link(blobs / "config", folder / "config.json")
        return folder

    monkeypatch.setattr("zoosmith.sources.hf.snapshot", snapshot)
    return blobs


def test_a_fetched_base_is_written_once_and_small_files_are_its_own(tmp_path: Path, cached: Path) -> None:
    step = step_for(tmp_path, {"repo": "org/toy", "revision": "0" * 40})
    fetch.run(step)
    model, config = step.out / "model.safetensors", step.out / "config.json"
    assert model.samefile(cached / "weights"), "the hub's cache and the store share one file"
    assert config.stat().st_nlink == 1, "an edit in the cache does not reach it"
    assert json.loads((step.out / "manifest.json").read_text())["files"] == {
        "config.json": sha256("{}"), "model.safetensors": sha256("w" * 40),
    }  # fmt: skip
    tree = step.store.add_tree(step.out)
    [entry] = [entry for entry in step.store.tree(tree) or () if entry.path == "model.safetensors"]
    assert step.store.file(entry.sha256).samefile(cached / "weights")


def test_an_edit_of_the_shared_blob_is_seen_when_it_is_read(tmp_path: Path, cached: Path) -> None:
    step = step_for(tmp_path, {"repo": "org/toy", "revision": "0" * 40})
    fetch.run(step)
    tree = step.store.add_tree(step.out)
    (cached / "weights").chmod(0o644)
    (cached / "weights").write_text("x" * 40)
    with pytest.raises(CorruptStore, match=r"model\.safetensors"):
        step.store.checkout(tree, tmp_path / "given")


def test_a_wrong_blob_leaves_the_cache_as_it_was_and_the_next_source_is_tried(
    tmp_path: Path, folder: Path, cached: Path
) -> None:
    about = {"repo": "org/toy", "revision": "0" * 40, "path": "bases/m", "files": {"config.json": sha256("{}"),
             "model.safetensors": sha256("v" * 40)}}  # fmt: skip
    (folder / "model.safetensors").write_text("v" * 40)
    step = step_for(tmp_path, about)
    fetch.run(step)
    assert step.notes["source"] == "path"
    assert (cached / "weights").read_text() == "w" * 40
    assert (step.out / "model.safetensors").read_text() == "v" * 40
    assert (folder / "model.safetensors").is_file(), "files of the zoo are copied"
