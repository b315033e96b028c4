"""What the repository says of itself: licence, hooks before a commit, and the workflow that runs what .ci/run runs."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import yaml

from tests.support.zoo import ROOT


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


WORKFLOW = read(".github/workflows/ci.yml")
STEPS = WORKFLOW["jobs"]["ci"]["steps"]


def test_the_licence_is_that_of_the_package() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["license"] == "Apache-2.0"


def test_hooks_are_the_checks_of_make_lint_by_the_projects_own_tools() -> None:
    repos = read(".pre-commit-config.yaml")["repos"]
    assert [repo["repo"] for repo in repos] == ["local"], "a hook of another repository drifts from constraints.txt"
    hooks = {hook["id"]: hook for hook in repos[0]["hooks"]}
    lint = (ROOT / "Makefile").read_text(encoding="utf-8").split("\nlint:", 1)[1].split("\n\n", 1)[0]
    tools = {line.split("/", 1)[1].split()[0] for line in lint.splitlines() if "$(BIN)/" in line}
    assert {hook["entry"].split()[0] for hook in hooks.values()} == {f".venv/bin/{tool}" for tool in tools}
    assert all(hook["language"] == "system" for hook in hooks.values())
    for name in ("mypy", "lint-imports"):
        pattern = re.compile(hooks[name]["files"])
        assert pattern.match("zoosmith/store/gc.py")
        assert pattern.match("builders/lora.py")
        assert not pattern.match("docs/recipes.md")


def test_the_workflow_runs_ci_run_and_may_only_read() -> None:
    assert [step["run"] for step in STEPS if "run" in step][-1] == ".ci/run"
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert "permissions" not in WORKFLOW["jobs"]["ci"]
    assert STEPS[0]["with"]["persist-credentials"] is False
    assert "pull_request_target" not in WORKFLOW[True], "YAML reads `on` as true"
    assert WORKFLOW["concurrency"]["group"]


def test_actions_of_others_are_pinned_by_commit() -> None:
    for step in STEPS:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step.get("uses", f"a/b@{'0' * 40}")), step


def test_wheels_that_were_compiled_here_reach_no_other_kind_of_processor() -> None:
    cache = next(step["with"] for step in STEPS if "cache" in step.get("uses", ""))
    assert "hashFiles('constraints.txt')" in cache["key"]
    for key in (cache["key"], *cache["restore-keys"].splitlines()):
        assert "${{ steps.cpu.outputs.flags }}" in key


def test_ci_runs_every_test_and_make_test_says_what_it_leaves_out() -> None:
    targets = dict(re.findall(r"^(test|test-all): .*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert "make test-all" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "-m " not in targets["test-all"].replace("-m pytest", "")
    assert '-m "not slow"' in targets["test"]
    assert "make test-all" in targets["test"], "a user is told what was left out, and how to run it"
