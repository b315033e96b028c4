"""Options may follow the names that they are about."""

import pytest

from zoosmith.app.doit.interspersed import options_first

FLAGS = {"--continue": True, "--executor": False}


@pytest.mark.parametrize(
    ("words", "sorted_"),
    [
        (["build:a", "--continue"], ["--continue", "build:a"]),
        (["build:a", "--executor", "ray", "build:b"], ["--executor", "ray", "build:a", "build:b"]),
        (["build:a", "--executor=ray", "--continue"], ["--executor=ray", "--continue", "build:a"]),
        (["--continue", "build:a"], ["--continue", "build:a"]),
        (["crossval:a", "--rows", "240"], ["crossval:a", "--rows", "240"]),
        (["build:a", "--executor"], ["--executor", "build:a"]),
        (["-n", "2", "build:a", "--continue"], ["--continue", "-n", "2", "build:a"]),
        ([], []),
    ],
)
def test_known_ones_come_first(words: list[str], sorted_: list[str]) -> None:
    assert options_first(words, FLAGS) == sorted_
