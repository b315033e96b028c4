"""What all tests share."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.job import Family
from zoosmith.bench import host
from zoosmith.common.text import hush

SLOW = ("families", "benchmarks", "site/test_browser.py", "site/test_sorting.py", "site/test_keyboard.py")
"""Below tests/: whole families, the studies' own code, and what needs a browser. Of CI alone, as all that kills is."""
ONE_PROCESSOR = ("docs", "e2e", "families")
"""Below tests/: what builds and measures real tasks through doit, of which none is about steps side by side."""
SECONDS = "zoosmith/seconds"  # in pytest's cache: by module, of the last run that had it

settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")  # how long an example takes says how busy the machine is, not what is wrong


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """First what forks for each call: a worker that holds torch forks ten times as slowly as one that does not.

    Then the modules that took longest, and whole families where that is not known: a worker that is left alone with
    one holds up the end. Every worker comes to the same order, from the same file.
    """
    for item in items:
        if _forks(item) or _below(item).startswith(SLOW):
            item.add_marker(pytest.mark.slow)
    took = config.cache.get(SECONDS, {}) if config.cache else {}
    known = {item: took.get(_below(item), 0.0) for item in items}
    items.sort(key=lambda item: (not _forks(item), -known[item], "families" not in item.path.parts))


def _below(node: pytest.Item | pytest.Module) -> str:
    """The module, below tests/."""
    return node.path.relative_to(Path(__file__).parent).as_posix()


class _Seconds:
    """Adds up what each module takes, for the order of the next run; one process of a run does, that which reports."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.taken: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Set-up, call and tear-down of one test."""
        module = report.nodeid.partition("::")[0].removeprefix("tests/")
        self.taken[module] = self.taken.get(module, 0.0) + report.duration

    def pytest_sessionfinish(self) -> None:
        """Keep the sums of a run of all modules; of those that it left out, the sums of the run before."""
        all_of_them = self.config.args_source is pytest.Config.ArgsSource.TESTPATHS and not self.config.option.keyword
        if self.config.cache and all_of_them:
            known = self.config.cache.get(SECONDS, {})
            self.config.cache.set(SECONDS, known | {name: round(took, 2) for name, took in self.taken.items()})


def pytest_configure(config: pytest.Config) -> None:
    """Time is told where reports come together, which under xdist is no worker."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        config.pluginmanager.register(_Seconds(config), "seconds of modules")


def _forks(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function) and hasattr(item.module, "kill_at_every_call")


@pytest.fixture(scope="session", autouse=True)
def _host_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Measurements lock the host, by a file where temporary ones are: side by side no worker waits for another's."""
    with pytest.MonkeyPatch.context() as changed:
        if "PYTEST_XDIST_WORKER" in os.environ:
            changed.setenv("TMPDIR", str(tmp_path_factory.mktemp("tmp")))
            changed.setattr(tempfile, "tempdir", None)
        yield


@pytest.fixture(scope="module", autouse=True)
def _on_a_processor_of_its_own(request: pytest.FixtureRequest) -> Iterator[None]:
    """Beside other workers, so that a training has one thread, and not all measure on the last processor, as steps do.

    Two threads of a tiny training wait for each other, and where other workers compute they do so for long.
    """
    worker, processors = os.environ.get("PYTEST_XDIST_WORKER"), os.sched_getaffinity(0)
    if worker is None or not _below(request.node).startswith(ONE_PROCESSOR):
        yield
        return
    _hold({sorted(processors)[int(worker.removeprefix("gw")) % len(processors)]})
    yield
    _hold(processors)


def _hold(processors: set[int]) -> None:
    """Keep this process on some processors, and forget what was known of a machine with others."""
    os.sched_setaffinity(0, processors)
    host._machine.cache_clear()


@pytest.fixture(scope="session")
def family(tmp_path_factory: pytest.TempPathFactory) -> Family:
    """Tiny artifacts, each built once in a run."""
    import torch

    torch.set_num_threads(1)
    return Family(tmp_path_factory.mktemp("family"))


@pytest.fixture(scope="session")
def fast_artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A delivered artifact of a torch-free zoo, inside its project."""
    from tests.support.fast import write_fast_zoo
    from tests.support.zoo import doit

    project = write_fast_zoo(tmp_path_factory.mktemp("fast") / "z")
    done = doit(project, "artifact:family0-a0")
    assert done.returncode == 0, done.stdout + done.stderr
    return project / "artifacts" / "family0-a0"


@pytest.fixture(autouse=True)
def _told_again() -> Iterator[None]:
    """After a test that ran a command with --quiet in this process, others hear again what is said."""
    yield
    hush(False)
