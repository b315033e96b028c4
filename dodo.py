"""Recipes as doit tasks. Wiring only; nothing heavy is imported."""

from pathlib import Path

from zoosmith.app.doit.commands import open_workspace
from zoosmith.app.doit.crossval import Crossvals
from zoosmith.app.doit.tasks import Tasks, config

WORKSPACE = open_workspace(Path(__file__).parent)
TASKS = Tasks(WORKSPACE)
CROSSVALS = Crossvals(TASKS)
DOIT_CONFIG = config()


def task__source():
    """fetch bases, make data sets"""
    yield from TASKS.sources()


def task__step():
    """put artifacts into the store"""
    yield from TASKS.steps()


def task__quick():
    """measure: suite quick"""
    yield from TASKS.measurements("quick")


def task__full():
    """measure: suite full"""
    yield from TASKS.measurements("full")


def task__fold():
    """train and score one fold of a cross-validation"""
    yield from CROSSVALS.folds()


def task_artifact():
    """build an artifact and put its files below artifacts/NAME"""
    yield from TASKS.artifacts()


def task_build():
    """artifact:NAME, then measure it, hold its gates, write card and registry row"""
    yield from TASKS.builds("quick")


def task_bench():
    """as build:NAME, measured for longer (suite full)"""
    yield from TASKS.builds("full")


def task_crossval():
    """k-fold cross-validation of an artifact that is trained: --folds K, --rows N"""
    yield from CROSSVALS.crossvals()


def task_publish():
    """build:NAME, then publish it to $ZOOSMITH_PUBLISH (hf://ORG or file://DIR)"""
    yield from TASKS.publishes()


def task_card():
    """render a card again from what is recorded"""
    yield from TASKS.cards()


def task_registry():
    """render cards, registry.json and the README's tables from results/"""
    return TASKS.registry()


def task_site():
    """make the gallery below site/ from what is recorded"""
    return TASKS.site()
