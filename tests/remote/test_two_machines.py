"""A zoo built on one machine and uploaded: another downloads it, builds nothing, and asks no more."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.support import s3
from tests.support.keys import key_pair
from tests.support.table import write_table
from tests.support.zoo import doit

pytestmark = pytest.mark.slow
NAME = "build:toy-triple"


def run(project: Path, *arguments: str, **environment: str) -> CompletedProcess[str]:
    credentials = {"AWS_ACCESS_KEY_ID": s3.KEY_ID, "AWS_SECRET_ACCESS_KEY": s3.SECRET}
    (project / "artifacts").mkdir(exist_ok=True)
    return doit(project, *arguments, TMPDIR=str(project / "artifacts"), **(credentials | environment))


def cached(project: Path, bucket: s3.S3, *more: str, trust: str = '"any"') -> None:
    lines = ("[[cache]]", 'name = "team"', 'url = "s3://zoo/cache"', f'endpoint = "{bucket.url}"', f"trust = {trust}")
    (project / "zoosmith.toml").write_text("\n".join([*lines, *more, ""]))


def trees(project: Path) -> dict[str, str]:
    found = {path.parent.name: json.loads(path.read_text()) for path in (project / "results").rglob("build.json")}
    return {name: build["tree_digest"] for name, build in found.items()}


def test_what_is_built_here_is_downloaded_there(bucket: s3.S3, tmp_path: Path) -> None:
    here, there = write_table(tmp_path / "here"), tmp_path / "there"
    shutil.copytree(here, there)
    cached(here, bucket, "write = true")
    cached(there, bucket)
    built = run(here, NAME)
    assert built.returncode == 0, built.stderr
    assert "build toy-triple: done" in built.stderr
    planned = run(there, "plan", "toy-triple").stdout
    assert re.search(r"download artifact toy/triple +\(\d.* from team", planned), planned

    downloaded = run(there, NAME)
    assert downloaded.returncode == 0, downloaded.stderr
    assert re.search(r"download toy/triple: \d.* from team", downloaded.stderr)
    assert not re.search("build |fetch |measure ", downloaded.stderr), downloaded.stderr
    assert trees(there) == trees(here) != {}
    assert (there / "artifacts" / "toy-triple" / "manifest.json").is_file()
    told = run(there, "why", "toy-triple").stdout
    assert re.search(r"artifact toy/triple: downloaded from team \(s3://zoo/cache\), built on ", told)

    asked = len(bucket.asked)
    again = run(there, NAME)
    assert (again.returncode, again.stderr) == (0, "")
    assert len(bucket.asked) == asked

    recipe = there / "recipes" / "toy.yaml"
    recipe.write_text(recipe.read_text().replace("factor: 3.0", "factor: 5.0"))
    bucket.faults.append(s3.Fault("status"))
    alone = run(there, NAME)
    assert alone.returncode == 0, alone.stderr
    assert alone.stderr.count("cache team") == 1 and "it answered 500" in alone.stderr
    assert "build toy-triple: done" in alone.stderr


def test_what_nobody_signed_is_built_here_and_what_ci_signed_is_downloaded(bucket: s3.S3, tmp_path: Path) -> None:
    private, public = key_pair(tmp_path, "ci")
    zoos = {name: tmp_path / name for name in ("unsigned", "ci", "there")}
    write_table(zoos["unsigned"])
    for name in ("ci", "there"):
        shutil.copytree(zoos["unsigned"], zoos[name])
        shutil.copy(public, zoos[name])
        cached(zoos[name], bucket, *["write = true"] * (name == "ci"), trust='["ci.pub"]')
    cached(zoos["unsigned"], bucket, "write = true")
    assert run(zoos["unsigned"], NAME).returncode == 0

    planned = run(zoos["there"], "plan", "toy-triple")
    assert planned.stderr.count("cache team") == 1 and "is not signed; it is made here instead" in planned.stderr
    assert re.search(r"make +data toy/toy.*; not taken from team \(s3://zoo/cache\): .* is not signed", planned.stdout)
    without = run(zoos["ci"], NAME)
    assert without.returncode == 0 and "there is no key here to sign with" in without.stderr
    assert "build toy-triple: done" in without.stderr
    told = run(zoos["ci"], "why", "toy-triple").stdout
    assert re.search(r"artifact toy/triple: made here; not taken from team .*is not signed", told), told

    shutil.rmtree(zoos["ci"] / "artifacts")
    built = run(zoos["ci"], NAME, ZOOSMITH_CACHE_SIGN=str(private))
    assert built.returncode == 0 and built.stderr.count("cache team") == 1, built.stderr
    planned = run(zoos["there"], "plan", "toy-triple")
    assert re.search(r"download artifact toy/triple \(\S+ .?B from team, signed by ci \(key \w{16}\)\)", planned.stdout)
    assert planned.stderr == ""
    downloaded = run(zoos["there"], NAME)
    assert downloaded.returncode == 0 and not re.search("build |measure |cache ", downloaded.stderr), downloaded.stderr
    assert re.search(
        r"artifact toy/triple: downloaded .*, signed by ci \(key", run(zoos["there"], "why", "toy-triple").stdout
    )
    assert trees(zoos["there"]) == trees(zoos["ci"]) != {}
    build = (zoos["ci"] / "results").rglob("build.json")
    assert not [path for path in build if "not_taken" in path.read_text()]


def test_a_key_that_is_not_there_is_one_message_before_anything_runs(tmp_path: Path) -> None:
    project = write_table(tmp_path / "zoo")
    (project / "zoosmith.toml").write_text('[[cache]]\nurl = "s3://zoo/cache"\ntrust = ["keys/ci.pub"]\n')
    failed = run(project, NAME)
    assert failed.returncode == 1 and len(failed.stderr.splitlines()) < 6, failed.stderr
    assert "cannot be read (No such file or directory)" in failed.stderr and "zoosmith trust add" in failed.stderr


def test_a_mistake_in_the_settings_is_one_message(tmp_path: Path) -> None:
    project = write_table(tmp_path / "zoo")
    (project / "zoosmith.toml").write_text('[[cache]]\nurl = "s33://zoo/cache"\ntrust = "any"\n')
    failed = run(project, NAME)
    assert failed.returncode == 1
    told = "ERROR: zoosmith.toml:2: the scheme of 's33://zoo/cache' is not known; did you mean 's3'?\n"
    assert failed.stderr == told
