"""A zoo built on one machine and uploaded: another downloads it, builds nothing, and asks no more."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.support import s3
from tests.support.table import write_table
from tests.support.zoo import doit

pytestmark = pytest.mark.slow
NAME = "build:toy-triple"


def run(project: Path, *arguments: str, **environment: str) -> CompletedProcess[str]:
    credentials = {"AWS_ACCESS_KEY_ID": s3.KEY_ID, "AWS_SECRET_ACCESS_KEY": s3.SECRET}
    (project / "artifacts").mkdir(exist_ok=True)
    return doit(project, *arguments, TMPDIR=str(project / "artifacts"), **(credentials | environment))


def cached(project: Path, bucket: s3.S3, *more: str) -> None:
    lines = ("[[cache]]", 'name = "team"', 'url = "s3://zoo/cache"', f'endpoint = "{bucket.url}"', 'trust = "any"')
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


def test_a_mistake_in_the_settings_is_one_message(tmp_path: Path) -> None:
    project = write_table(tmp_path / "zoo")
    (project / "zoosmith.toml").write_text('[[cache]]\nurl = "s33://zoo/cache"\ntrust = "any"\n')
    failed = run(project, NAME)
    assert failed.returncode == 1
    told = "ERROR: zoosmith.toml:2: the scheme of 's33://zoo/cache' is not known; did you mean 's3'?\n"
    assert failed.stderr == told
