"""From nodes of the graph to actions."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.table import RECIPE, bring_up, edit
from tests.support.zoo import rows, write_recipe, write_rows
from zoosmith import plugins
from zoosmith.build.contents import folder_digest
from zoosmith.build.key_parts import Here
from zoosmith.build.resolve import Resolver, Unresolved
from zoosmith.build.workspace import Workspace
from zoosmith.common.canonical import digest
from zoosmith.contract.errors import ZooError
from zoosmith.contract.output import Resources
from zoosmith.execution.action import public_versions, version_of_module
from zoosmith.recipes.graph import Ref
from zoosmith.store.files import sha256_file

PLAIN, TRIPLE, DATA, BASE = Ref("toy", "plain"), Ref("toy", "triple"), Ref("toy", "toy"), Ref("toy", "words")


def resolver(project: Path) -> Resolver:
    return Workspace(project).resolver


def test_a_builder_that_knows_the_cpu_alone_stays_there(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = resolver(built).artifact(PLAIN)
    monkeypatch.setenv("ZOOSMITH_BUILD_DEVICE", "cuda")
    after = resolver(built).artifact(PLAIN)
    assert (after.run["device"], after.key, after.title) == ("cpu", before.key, before.title)


def test_a_build_runs_where_it_is_told(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(built / "builders" / "table.py", 'FORMAT = "table"', 'DEVICES = ("cuda",)\nFORMAT = "table"')
    on_cpu = resolver(built).artifact(PLAIN)
    monkeypatch.setenv("ZOOSMITH_BUILD_DEVICE", "cuda:1")
    on_gpu = resolver(built).artifact(PLAIN)
    assert (on_cpu.run["device"], on_gpu.run["device"]) == ("cpu", "cuda:1")
    assert on_gpu.inputs == on_cpu.inputs | {"device": "cuda"}, "which of the GPUs it was changes nothing"
    assert on_gpu.title == f"{on_cpu.title} on cuda:1"


def rewrite(project: Path, **sections: Any) -> None:
    write_recipe(project, RECIPE | sections)


def test_a_key_waits_for_the_parents(project: Path) -> None:
    looking = resolver(project)
    with pytest.raises(Unresolved, match="toy/words is not built yet"):
        looking.action("artifact", PLAIN)
    assert looking.finished("artifact", TRIPLE) is None
    with pytest.raises(Unresolved, match="toy/triple is not built yet"):
        looking.tree("artifact", TRIPLE)
    bring_up(project, "toy-plain")
    assert looking.finished("artifact", PLAIN) is not None
    assert looking.action("artifact", TRIPLE).inputs["parents"] == {"from": looking.tree("artifact", PLAIN)}


def test_everything_that_decides_is_in_the_key(built: Path) -> None:
    action = resolver(built).action("artifact", PLAIN)
    inputs = action.inputs
    assert set(inputs) == {
        "schema", "kind", "builder", "code", "params", "parents", "splits", "task", "packages", "tools", "seed",
        "python", "imports",
    }  # fmt: skip
    assert inputs["params"] == {"shards": 2, "shard_bytes": 1000, "pause_s": 0.0}
    named = action.run["code"]
    assert {
        "zoo_builders_table",
        "zoosmith.contract.params",
        "zoosmith.tasks.text_classification.encoding",
    } <= named.keys()
    assert inputs["code"] == sorted(named.values())
    assert set(inputs["splits"]) == {"train"}
    assert inputs["task"] == {
        "kind": "text-classification", "inputs": ["text"], "labels": ["negative", "positive"], "max_length": 32,
    }  # fmt: skip
    assert action.resources == Resources(1, 64) and action.timeout_s == 86_400
    assert str(built) not in str(inputs)


def test_names_paths_and_threads_are_not_in_the_key(built: Path, tmp_path: Path) -> None:
    workspace = Workspace(built)
    here, elsewhere = workspace.resolver.action("artifact", TRIPLE), tmp_path / "moved"
    built.rename(elsewhere)
    moved = Workspace(elsewhere)
    assert Resolver(moved.zoo, moved.store, elsewhere, Here(64)).action("artifact", TRIPLE).key == here.key


def test_what_a_builder_declares_enters_the_key(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = built / "tools" / "convert.py"
    tool.parent.mkdir()
    tool.write_text("1")
    before = resolver(built).action("artifact", TRIPLE)
    edit(
        built / "builders" / "scaled.py",
        'FORMAT = "table"',
        'FORMAT = "table"\nREQUIRES = ("pydantic",)\nTOOLS = ("tools/convert.py",)\nTIMEOUT_S = 5.0\n'
        'DATA = ("dev", "train")',
    )
    monkeypatch.delitem(sys.modules, "zoo_builders_scaled")
    plugins.load.cache_clear()
    action = resolver(built).action("artifact", TRIPLE)
    assert before.inputs["packages"] == {} == before.inputs["tools"] == before.inputs["splits"]
    assert list(action.inputs["packages"]) == ["pydantic"]
    assert action.inputs["tools"] == {"tools/convert.py": sha256_file(tool)}
    assert set(action.inputs["splits"]) == {"dev", "train"}
    assert action.timeout_s == 5.0


def test_a_split_that_the_data_lacks_is_named(built: Path) -> None:
    with pytest.raises(ZooError, match="the data of toy has no split 'calibration'; it has dev, eval, train"):
        resolver(built).splits("toy", ("train", "calibration"))


def test_a_base_by_folder_is_known_by_its_content(project: Path) -> None:
    before = resolver(project).base(BASE)
    assert before.inputs["path"] == folder_digest(project / "bases" / "words")
    assert before.resources.cpus == 0
    (project / "bases" / "words" / ".env").write_text("TOKEN=x")
    assert resolver(project).base(BASE).key == before.key, "what is not taken decides nothing"
    (project / "bases" / "words" / "generation_config.json").write_text("{}")
    assert resolver(project).base(BASE).key != before.key


def test_a_base_with_listed_files_is_known_by_these_alone(project: Path) -> None:
    files = {"config.json": sha256_file(project / "bases" / "words" / "config.json")}
    rewrite(project, bases={"words": {"path": "bases/words", "files": files}})
    first = resolver(project).base(BASE)
    rewrite(project, bases={"words": {"repo": "a/b", "revision": "0" * 40, "path": "bases/other", "files": files}})
    assert resolver(project).base(BASE).key == first.key
    rewrite(project, bases={"words": {"path": "bases/words", "files": {"config.json": "0" * 64}}})
    assert resolver(project).base(BASE).key != first.key


def test_a_base_of_a_hub_is_known_by_its_commit(project: Path) -> None:
    keys = set()
    for revision in ("0" * 40, "1" * 40):
        rewrite(project, bases={"words": {"repo": "a/b", "revision": revision}})
        keys.add(resolver(project).base(BASE).key)
        assert resolver(project).base(BASE).inputs["revision"] == revision
    wheel = {"package": "p", "version": "1", "sha256": "0" * 64, "path": "p/model"}
    rewrite(project, bases={"words": {"pypi": wheel}})
    keys.add(resolver(project).base(BASE).key)
    assert len(keys) == 3


def test_data_by_folder_is_known_by_its_content(project: Path) -> None:
    before = resolver(project).data(DATA).key
    write_rows(project / "data" / "dev.jsonl", rows(20, seed=8))
    assert resolver(project).data(DATA).key != before


def test_the_licence_of_data_rebuilds_nothing(project: Path) -> None:
    before = resolver(project).data(DATA).key
    rewrite(project, data={"toy": RECIPE["data"]["toy"] | {"license": "cc0-1.0"}})
    assert resolver(project).data(DATA).key == before


def test_built_in_data_is_known_by_its_code_and_packages(project: Path) -> None:
    rewrite(project, data={"toy": {"builtin": "person_names"}})
    made = resolver(project).data(DATA)
    inputs = made.inputs
    assert any(name.startswith("zoosmith.builtin.person_names") for name in made.run["code"])
    assert "faker" in {name.lower() for name in inputs["packages"]}


def test_digests_of_folders_and_files(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("x")
    hashed = sha256_file(tmp_path / "a" / "b" / "c")
    assert folder_digest(tmp_path / "a") == digest([["b/c", hashed]])
    assert folder_digest(tmp_path / "a" / "b" / "c") == hashed
    with pytest.raises(ZooError, match=r"nowhere does not exist; the recipe names it as `path:`"):
        folder_digest(tmp_path / "nowhere")


def test_splits_that_cannot_exist_are_told_before_anything_is_read(project: Path) -> None:
    """`plan` makes keys, so it tells them; a data step would be too late."""
    (project / "data" / "train.csv").write_text("text,label\n")
    with pytest.raises(ZooError, match=r"train\.csv and train\.jsonl both hold the split 'train'"):
        resolver(project).data(DATA)
    (project / "data" / "train.csv").unlink()
    (project / "data" / "test.jsonl").rename(project / "data" / "tset.jsonl")
    with pytest.raises(ZooError, match=r"has no split 'test' as .*; did you mean 'tset'"):
        resolver(project).data(DATA)
    splits = {"train": "tr-ain[:5]", "dev": "validation", "eval": "test"}
    rewrite(project, data={"toy": {"repo": "org/rows", "revision": "a" * 40, "splits": splits}})
    with pytest.raises(ZooError, match="'tr-ain' cannot be a split of org/rows"):
        resolver(project).data(DATA)


def test_labels_that_nobody_names_have_no_order(project: Path) -> None:
    """They are read from the rows; a recipe or the source that names them says which output of a model is which."""
    bring_up(project, "toy-plain")
    assert resolver(project).artifact(PLAIN).run["labels_ordered"]
    data = {name: value for name, value in RECIPE["data"]["toy"].items() if name != "labels"}
    rewrite(project, data={"toy": data})
    bring_up(project, "toy-plain")
    assert not resolver(project).artifact(PLAIN).run["labels_ordered"]
    rewrite(project, data={"toy": data}, task=RECIPE["task"] | {"labels": ["negative", "positive"]})
    assert resolver(project).artifact(PLAIN).run["labels_ordered"]


def spoilt(project: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> dict[str, Any]:
    """Inputs of `triple` after an edit of its builder."""
    edit(project / "builders" / "scaled.py", old, new)
    monkeypatch.delitem(sys.modules, "zoo_builders_scaled", raising=False)
    plugins.load.cache_clear()
    return resolver(project).action("artifact", TRIPLE).inputs


def test_python_and_what_the_users_own_modules_import_are_in_the_key(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = resolver(built).action("artifact", TRIPLE).inputs
    assert before["python"] == f"{sys.version_info[0]}.{sys.version_info[1]}"
    assert before["imports"] == public_versions(("numpy",))
    after = spoilt(built, monkeypatch, "import json\n", "import json\nimport yaml\n")
    assert after["imports"] == before["imports"] | {"yaml": version_of_module("yaml")}
    assert version_of_module("yaml") == public_versions(("PyYAML",))["PyYAML"]
    assert version_of_module("no_such_module") is None


def test_threads_and_instructions_are_in_the_key_where_bytes_depend_on_them(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "machine" not in resolver(built).action("artifact", TRIPLE).inputs
    machine = spoilt(built, monkeypatch, 'FORMAT = "table"', 'FORMAT = "table"\nREPRODUCES = "logits"')["machine"]
    workspace = Workspace(built)
    assert machine["threads"] == len(os.sched_getaffinity(0))
    other = Resolver(workspace.zoo, workspace.store, built, Here(machine["threads"] + 1))
    assert other.action("artifact", TRIPLE).inputs["machine"]["threads"] == machine["threads"] + 1
    monkeypatch.setattr("zoosmith.toolkit.torch.processor.flags", lambda: frozenset({"avx2"}))
    assert resolver(built).action("artifact", TRIPLE).inputs["machine"]["isa"] == ["avx2"]


def test_what_reads_data_is_in_its_key(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = resolver(project).data(DATA)
    assert before.inputs["packages"] == {} and before.inputs["code"] == sorted(before.inputs["code"]) != []
    monkeypatch.setattr("zoosmith.build.fetching.own_digest", lambda path: "0" * 64)
    assert resolver(project).data(DATA).key != before.key
    (project / "data" / "more.parquet").write_bytes(b"x")
    assert set(resolver(project).data(DATA).inputs["packages"]) == {"datasets", "pyarrow"}


def test_within_one_look_rows_are_looked_at_once_and_after_it_again(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = resolver(built)
    looks: list[str | None] = []
    seen = mine._seen
    monkeypatch.setattr(mine, "_seen", lambda path: [looks.append(path), seen(path)][1])
    with mine.one_look():
        first = mine.artifact(TRIPLE)
        assert mine.artifact(TRIPLE) is first
    assert looks.count("data") == 1, "whatever asks for them"
    write_rows(built / "data" / "dev.jsonl", rows(20, seed=8))
    with pytest.raises(Unresolved):
        mine.artifact(TRIPLE)
    with mine.one_look(), pytest.raises(Unresolved):
        mine.artifact(TRIPLE)
