"""`zoosmith lock` with the real huggingface_hub against a loopback hub: names become commits, pins are checked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.hub import Fault, Hub, serving
from tests.support.user import zoosmith

WEIGHTS = "weights"
RECIPE = """\
# The head of a recipe
schema: 1
bases:
  tiny:
    repo: org/tiny      # the encoder
    revision: {tiny}    # moves
    files:
      model.safetensors: {sha256}
      config.json: {config}
data:
  rows: {{repo: org/rows, revision: {rows}, splits: {{train: train}}}}   # text and label
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    model = tmp_path / "hub" / "models" / "org" / "tiny"
    data = tmp_path / "hub" / "datasets" / "org" / "rows"
    for folder in (model, data):
        folder.mkdir(parents=True)
    (model / "config.json").write_text("{}")
    (model / "model.safetensors").write_text(WEIGHTS)
    (data / "train.csv").write_text("text,label\ngood,1\nbad,0\n")
    with serving(tmp_path / "hub") as server:
        yield server


def grown(hub: Hub, kind: str = "models", id: str = "org/tiny", text: str = "# new", branch: str = "main") -> str:
    """One more commit."""
    repo = hub.repo(kind, id)
    return hub.change(repo, branch, None, {"README.md": hub.keep(text.encode())}, [])


def write(folder: Path, hub: Hub, **changed: str) -> Path:
    """The recipe with the hub's heads as pins, unless changed."""
    values = {
        "tiny": hub.commit("models", "org/tiny"),
        "rows": hub.commit("datasets", "org/rows"),
        "sha256": hashlib.sha256(WEIGHTS.encode()).hexdigest(),
        "config": hashlib.sha256(b"{}").hexdigest(),
    }
    file = folder / "r.yaml"
    file.write_text(RECIPE.format(**values | changed))
    return file


def lock(hub: Hub, folder: Path, *words: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    done = zoosmith(folder, "lock", "r.yaml", *words, HF_ENDPOINT=hub.url, HF_HOME=str(folder / "home"), **environment)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


def test_pins_that_hold_are_told_with_their_age(hub: Hub, tmp_path: Path) -> None:
    file = write(tmp_path, hub)
    before = file.read_bytes()
    newest = grown(hub)
    grown(hub, "datasets", "org/rows")
    code, said, _ = lock(hub, tmp_path)
    assert code == 0
    assert re.search(
        rf"6 +bases\.tiny +org/tiny +\w{{12}} +{newest[:12]} 2026-01-02 +of 2026-01-01, 1 commit beh", said
    )
    assert "1 of 2 files have a SHA-256 there, as in the recipe" in said
    assert re.search(r"11 +data\.rows +org/rows", said)
    assert lock(hub, tmp_path, "--write")[0] == 0
    assert file.read_bytes() == before


def test_a_name_is_resolved_shown_and_then_written(hub: Hub, tmp_path: Path) -> None:
    file = write(tmp_path, hub, tiny="main", rows="v1")
    head, first = grown(hub), hub.commit("datasets", "org/rows")
    hub.repo("datasets", "org/rows").tags["v1"] = first
    before = file.read_text()
    code, said, error = lock(hub, tmp_path)
    assert code == 1
    assert f"r.yaml:6: bases.tiny: revision: {head} (not written)" in said
    assert "zoosmith lock r.yaml --write" in error
    assert file.read_text() == before
    code, said, _ = lock(hub, tmp_path, "--write")
    assert code == 0
    assert f"r.yaml:11: data.rows: revision: {first} (written)" in said
    assert file.read_text() == before.replace("main ", f"{head} ").replace("v1", first)
    assert lock(hub, tmp_path)[0] == 0


def test_a_missing_revision_is_the_head_of_main(hub: Hub, tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text("bases:\n  tiny:\n    repo: org/tiny  # c\n")
    assert lock(hub, tmp_path, "--write")[0] == 0
    assert file.read_text().splitlines()[2:] == [
        "    repo: org/tiny  # c",
        f"    revision: {hub.commit('models', 'org/tiny')}",
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"tiny": "f" * 40},
            r"r\.yaml:6: bases\.tiny: org/tiny has no commit f{40}; .*; the newest is \w{40} of 2026-",
        ),
        ({"tiny": "mian"}, r"r\.yaml:6: bases\.tiny: org/tiny has no commit mian; .*did you mean 'main'\?"),
        ({"sha256": "f" * 64}, r"r\.yaml:6: .*model\.safetensors has SHA-256 \w{64} at .* recipe says f{16}"),
    ],
)
def test_a_pin_that_does_not_hold_fails_and_is_not_written(
    hub: Hub, tmp_path: Path, changed: dict[str, str], said: str
) -> None:
    file = write(tmp_path, hub, **{"rows": "main"} | changed)
    before = file.read_text()
    code, _, error = lock(hub, tmp_path, "--write")
    assert code == 1
    assert re.search(said, error), error
    assert file.read_text() == before.replace("revision: main", f"revision: {hub.commit('datasets', 'org/rows')}")


def test_the_start_of_a_commit_is_completed_but_not_written(hub: Hub, tmp_path: Path) -> None:
    head = hub.commit("models", "org/tiny")
    file = write(tmp_path, hub, tiny=f"'{head[:9]}'")
    assert f"did you mean {head}?" in lock(hub, tmp_path, "--write")[2]
    assert head not in file.read_text()


def test_hashes_that_differ_where_a_name_leads_keep_the_name(hub: Hub, tmp_path: Path) -> None:
    file = write(tmp_path, hub, tiny="main", sha256="f" * 64)
    before = file.read_text()
    assert lock(hub, tmp_path, "--write")[0] == 1
    assert file.read_text() == before


def test_a_file_that_is_not_there_is_named(hub: Hub, tmp_path: Path) -> None:
    file = write(tmp_path, hub)
    file.write_text(file.read_text().replace("config.json", "confg.json"))
    assert "has no confg.json at" in (error := lock(hub, tmp_path)[2])
    assert "did you mean 'config.json'?" in error


def test_a_pin_beside_main_is_told(hub: Hub, tmp_path: Path) -> None:
    repo = hub.repo("models", "org/tiny")
    repo.branches["other"] = hub.commit("models", "org/tiny")
    write(tmp_path, hub, tiny=grown(hub, branch="other"))
    grown(hub, text="# on main")
    assert "not in the history of main" in lock(hub, tmp_path)[1]


@pytest.mark.parametrize(
    ("repo", "said"),
    [
        ("org/tyni", r"does not exist, or needs HF_TOKEN .*did you mean 'org/tiny'\?"),
        ("org/rows", r"does not exist.*a data set has this name: put it under `data:`"),
    ],
)
def test_a_repository_that_does_not_exist(hub: Hub, tmp_path: Path, repo: str, said: str) -> None:
    file = write(tmp_path, hub)
    file.write_text(file.read_text().replace("org/tiny", repo))
    code, _, error = lock(hub, tmp_path)
    assert code == 1
    assert re.search(said, error), error


def test_a_gated_repository_gives_page_and_token(hub: Hub, tmp_path: Path) -> None:
    write(tmp_path, hub)
    grown(hub)
    hub.gated.add("org/tiny")
    code, said, _ = lock(hub, tmp_path)
    assert code == 0
    assert f"not the newest; org/tiny is gated: accept its terms at {hub.url}/org/tiny, then set HF_TOKEN" in said
    assert "gated, which the recipe does not say: add `gated: true`" in " ".join(said.split())


def test_a_gate_that_the_recipe_tells_is_compared_with_the_hub(hub: Hub, tmp_path: Path) -> None:
    file = write(tmp_path, hub)
    file.write_text(file.read_text().replace("    files:\n", "    gated: true\n    files:\n"))
    assert "the recipe says `gated: true`, and the hub gives it to everybody" in " ".join(
        lock(hub, tmp_path)[1].split()
    )
    hub.gated.add("org/tiny")
    assert "which the recipe does not say" not in lock(hub, tmp_path)[1]


@pytest.mark.parametrize(
    ("status", "said"), [(401, "does not know your token"), (403, "may not read org/tiny"), (400, "BadRequest")]
)
def test_a_refusal_names_page_and_token(hub: Hub, tmp_path: Path, status: int, said: str) -> None:
    write(tmp_path, hub)
    hub.faults.append(Fault("GET /api/models/org/tiny", status, times=99))
    code, _, error = lock(hub, tmp_path, HF_TOKEN="hf_canary")
    assert code == 1
    assert said in error
    assert f"{hub.url}" in error
    assert "hf_canary" not in error


def test_a_token_that_the_hub_does_not_know(hub: Hub, tmp_path: Path) -> None:
    write(tmp_path, hub)
    hub.denied = "Invalid credentials in Authorization header"
    assert f"{hub.url} does not know your token" in lock(hub, tmp_path, HF_TOKEN="hf_canary")[2]
    assert f"set HF_TOKEN to one of an account that may read {hub.url}/org/tiny" in lock(hub, tmp_path)[2]


def test_without_a_network_and_offline_the_next_step_is_told(hub: Hub, tmp_path: Path) -> None:
    write(tmp_path, hub)
    offline = lock(hub, tmp_path, HF_HUB_OFFLINE="1")
    assert offline[0] == 1
    assert "HF_HUB_OFFLINE is set, so no hub is asked" in offline[2]
    hub.server.server_close()
    code, _, error = lock(hub, tmp_path)
    assert code == 1
    assert "cannot be reached" in error
    assert "HF_ENDPOINT" in error


def test_a_recipe_of_the_zoo_by_its_id_and_a_misspelt_one(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "dodo.py").touch()
    (tmp_path / "recipes").mkdir()
    write(tmp_path / "recipes", hub, tiny="main").rename(tmp_path / "recipes" / "toy.yaml")
    settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home")}
    done = zoosmith(tmp_path, "lock", "toy", **settings)
    assert "recipes/toy.yaml:6: bases.tiny: revision: " in done.stdout
    assert "did you mean 'toy'" in zoosmith(tmp_path, "lock", "toi", **settings).stderr
    assert "nope.yaml is no file" in zoosmith(tmp_path, "lock", "nope.yaml", **settings).stderr
