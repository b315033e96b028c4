"""The digest of the code that runs."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoosmith.build.codehash import build_code, closure_key, code_digests, code_files, other_packages
from zoosmith.plugins import CHECKOUT

CODE = '''"""Module."""
from __future__ import annotations
import json
X = None
def build(job, *, deep=True):
    """Docstring."""
    for i in range(3):  # comment
        if deep and i != 2:
            job.note("i", [i, -1, 0.5, b"b", "u", ..., {"a": None}])
    return json.dumps(X)
class Params:
    """Docs."""
    def f(self):
        "more"
        return f"{self!r:>{10}}"
    async def g(self):
        """docs"""
        return [y async for y in self]
'''


def write(zoo: Path, name: str, code: str) -> Path:
    file = zoo / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(code, encoding="utf-8")
    return file


def digest(zoo: Path, code: str) -> str:
    return code_digests(write(zoo, "builders/mine.py", code))["zoo_builders_mine"]


def test_formatting_comments_and_docstrings_do_not_count(tmp_path: Path) -> None:
    first = digest(tmp_path, CODE)
    bare = CODE.replace('    """Docstring."""\n', "").replace("  # comment", "").replace('        "more"\n', "")
    assert digest(tmp_path, bare) == first
    assert digest(tmp_path, CODE.replace("deep=True):", "\n  deep = True,\n):\n    # why")) == first
    assert digest(tmp_path, CODE.replace('"u"', "'u'").replace("0.5", "5e-1")) == first
    assert digest(tmp_path, "#!/usr/bin/python\n\n\n" + CODE.replace('"""Module."""', "'''Other\ntext'''")) == first
    assert digest(tmp_path, ast.unparse(ast.parse(CODE))) == first


CLAIMS = """
def resources(params, parents):
    return (2, 1024)

TIMEOUT_S = 60.0
"""


def test_what_a_builder_claims_of_the_machine_does_not_count(tmp_path: Path) -> None:
    first = digest(tmp_path, CODE)
    assert digest(tmp_path, CODE + CLAIMS) == digest(tmp_path, CODE + CLAIMS.replace("1024", "2048")) == first
    assert digest(tmp_path, CODE + CLAIMS.replace("def resources", "def resource")) != first
    inside = CODE.replace("class Params:", "class Params:\n    TIMEOUT_S = 60.0")
    assert digest(tmp_path, inside) != first, "only what stands at module level"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("deep=True", "deep=False"), ("deep=True", "deep=1"), ("*, deep", "deep"), ("X = None", "X = 0"),
        ("X = None", "X: int = None"), ("X = None", "Y = None"), ("range(3)", "range(4)"), ("!=", "=="),
        (" and ", " or "), ("-1", "1"), ("0.5", "0.25"), ('b"b"', '"b"'), ('"u"', '"U"'), ("...", "None"),
        ('"a": None', '"a": True'), ("json.dumps(X)", "json.dumps(X, indent=2)"), ("import json\n", "import orjson\n"),
        ("!r:>", "!s:>"), ("{10}", "{11}"), ("async for", "for"), ("    async def g", "    def g"),
        ("[y async for y in self]", "{y async for y in self}"), ("class Params:", "@final\nclass Params:"),
        ("    return json", "        return json"), ("def f(self)", "def f(self, x)"),
        ("from __future__ import annotations\n", ""),
    ],
)  # fmt: skip
def test_every_change_of_code_counts(tmp_path: Path, old: str, new: str) -> None:
    assert CODE.count(old) >= 1
    assert digest(tmp_path, CODE.replace(old, new, 1)) != digest(tmp_path, CODE)


@settings(deadline=None)  # a busy host
@given(
    st.lists(st.sampled_from(["None", "True", "1", "1.0", "'1'", "b'1'", "()", "[]", "{}", "...", "1j"]), max_size=4)
)
def test_constants_of_other_types_are_other_code(tmp_path_factory: pytest.TempPathFactory, values: list[str]) -> None:
    zoo = tmp_path_factory.getbasetemp() / "constants"
    code = f"x = [{', '.join(values)}]"
    other = f"x = [{', '.join([*values, 'None'])}]"
    assert digest(zoo, code) != digest(zoo, other)
    assert digest(zoo, code) == digest(zoo, code.replace(", ", ",\n"))
    for i, value in enumerate(values):
        changed = [*values[:i], "1.5" if value != "1.5" else "2.5", *values[i + 1 :]]
        assert digest(zoo, f"x = [{', '.join(changed)}]") != digest(zoo, code)


def test_modules_of_the_package_are_followed(tmp_path: Path) -> None:
    found = code_digests(CHECKOUT / "builders" / "finetune.py")
    assert {
        "builders.finetune",
        "zoosmith.contract.job",
        "zoosmith.toolkit.training.train",
        "zoosmith.toolkit.torch.checkpoint",
    } <= found.keys()
    assert not {name for name in found if name.split(".")[0] not in ("builders", "zoosmith")}
    assert not {name for name in found if name.startswith(("zoosmith.build", "zoosmith.bench"))}


def test_imports_inside_functions_and_of_modules_from_packages_are_followed(tmp_path: Path) -> None:
    code = "def build(job):\n    from zoosmith.toolkit.torch import forward\n    import zoosmith.common.names as n\n"
    found = code_digests(write(tmp_path, "builders/mine.py", code))
    assert {"zoo_builders_mine", "zoosmith.toolkit.torch.forward", "zoosmith.common.names"} <= found.keys()


def test_helpers_of_a_users_zoo_are_followed(tmp_path: Path) -> None:
    """A builder may be a package with modules of its own, and may import modules that lie beside dodo.py."""
    entry = write(tmp_path, "builders/mine/__init__.py", "from . import one\nfrom .two import f\nimport texts.clean\n")
    write(tmp_path, "builders/mine/one.py", "from ..mine.three import g")
    two = write(tmp_path, "builders/mine/two.py", "def f(): return 1")
    write(tmp_path, "builders/mine/three.py", "import os, json, numpy")
    clean = write(tmp_path, "texts/clean.py", "def h(): return 1")
    write(tmp_path, "texts/unused.py", "x = 1")
    first = code_digests(entry)
    assert list(first) == [
        "zoo.builders.mine.one", "zoo.builders.mine.three", "zoo.builders.mine.two", "zoo.texts.clean",
        "zoo_builders_mine",
    ]  # fmt: skip
    two.write_text("def f(): return 10")
    clean.write_text("def h(): return 10")
    second = code_digests(entry)
    changed = {name for name in first if first[name] != second[name]}
    assert changed == {"zoo.builders.mine.two", "zoo.texts.clean", "zoo_builders_mine"}, "and who imports them"


def test_modules_that_import_each_other_end(tmp_path: Path) -> None:
    entry = write(tmp_path, "builders/mine/__init__.py", "from .one import a")
    write(tmp_path, "builders/mine/one.py", "from .two import a")
    write(tmp_path, "builders/mine/two.py", "from .one import a")
    assert len(code_digests(entry)) == 3


def test_the_same_under_every_hash_seed(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib\n"
        "from zoosmith.build.codehash import build_code, closure_key, code_digests\n"
        "print(code_digests(*map(pathlib.Path, sys.argv[1:])))"
    )
    files = [str(CHECKOUT / "builders" / name) for name in ("finetune.py", "onnx_int8.py")]
    seen = {
        subprocess.run(
            [sys.executable, "-c", program, *order], env=os.environ | {"PYTHONHASHSEED": seed},
            check=True, capture_output=True, text=True,
        ).stdout
        for seed, order in (("0", files), ("1", files[::-1]), ("2", files))
    }  # fmt: skip
    assert len(seen) == 1 and "zoosmith.toolkit.training.train" in seen.pop()


def test_moving_a_file_changes_no_key(tmp_path: Path) -> None:
    """Imports count by what they bring in, not by where it lies; their order is the formatter's."""
    old, new = tmp_path / "old", tmp_path / "new"
    helper = '"""Help."""\nimport json\n\n\ndef f():\n    return json.dumps(1)\n'
    other = "def g():\n    return 2\n"
    write(old, "texts/help.py", helper)
    write(old, "texts/other.py", other)
    write(new, "aaa/__init__.py", '"""Only words."""\n')
    write(new, "aaa/help.py", helper)
    write(new, "zzz.py", other)
    uses = "\n\ndef build(job):\n    return help.f(), g()\n"
    first = code_digests(write(old, "builders/mine.py", "from texts import help\nfrom texts.other import g\n" + uses))
    second = code_digests(write(new, "builders/mine.py", "from zzz import g\nfrom aaa import help\n" + uses))
    assert set(first) != set(second)
    assert closure_key(first) == closure_key(second)


def test_which_of_two_modules_a_name_comes_from_counts(tmp_path: Path) -> None:
    """Both are in the closure either way; the key must still tell them apart."""
    keys = []
    for n, (one, two) in enumerate((("f", "g"), ("g", "f"))):
        zoo = tmp_path / str(n)
        write(zoo, "texts/first.py", "def f(): return 1\ndef g(): return 1\n")
        write(zoo, "texts/second.py", "def f(): return 2\ndef g(): return 2\n")
        code = f"from texts.first import {one}\nfrom texts.second import {two}\ndef build(job): return f(), g()\n"
        keys.append(closure_key(code_digests(write(zoo, "builders/mine.py", code))))
    assert keys[0] != keys[1]


def test_what_only_type_checkers_import_does_not_count(tmp_path: Path) -> None:
    write(tmp_path, "texts/kinds.py", "class Kind: ...\n")
    code = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from texts.kinds import Kind\n"
    code += "def build(job: Kind): ...\n"
    found = code_digests(write(tmp_path, "builders/mine.py", code))
    assert list(found) == ["zoo_builders_mine"]


@pytest.mark.parametrize("builder", sorted(file.stem for file in (CHECKOUT / "builders").glob("[!_]*.py")))
@pytest.mark.parametrize("task", ["text-classification", "text-pair-classification"])
def test_what_judges_an_artifact_does_not_make_it(builder: str, task: str) -> None:
    """No metric, statistic, card, record or measurement enters a build key."""
    judges = ("stats", "records", "cards", "bench", "plots", "site", "publish", "recipes", "runtimes", "store")
    found = code_digests(*build_code(builder, task, CHECKOUT))
    assert not [name for name in found if name.split(".")[1] in judges or name.endswith((".scoring", ".reporting"))]


def test_a_quantiser_does_not_hold_the_training_loop() -> None:
    for builder in ("onnx_int8", "torch_half", "torch_int8", "onnx", "checkpoint"):
        found = code_digests(*build_code(builder, "text-classification", CHECKOUT))
        assert not [name for name in found if ".training." in name], builder


def files(zoo: Path, code: str) -> set[str]:
    """The user's own files that count for a builder of this text."""
    found = code_files(write(zoo, "builders/mine.py", code))
    return {file.relative_to(zoo).as_posix() for file in found if file.is_relative_to(zoo)}


@pytest.mark.parametrize(
    ("code", "counted"),
    [
        ("import helper", {"helper.py"}),
        ("from helper import f", {"helper.py"}),
        ("import pkg.part", {"pkg/__init__.py", "pkg/part.py", "pkg/inner.py"}),
        ("from pkg.part import f", {"pkg/__init__.py", "pkg/part.py", "pkg/inner.py"}),
        ("from pkg import f", {"pkg/__init__.py", "pkg/inner.py"}),
        ("from pkg import *", {"pkg/__init__.py", "pkg/inner.py"}),
        ("def build(job):\n    import helper", {"helper.py"}),
        ("from builders.beside import f", {"builders/beside.py"}),
        ("import builders.beside", {"builders/beside.py"}),
        ("import importlib\nm = importlib.import_module('helper')", {"helper.py"}),
        ("from importlib import import_module\nm = import_module('pkg.part')",
         {"pkg/__init__.py", "pkg/part.py", "pkg/inner.py"}),
        ("m = __import__('helper')", {"helper.py"}),
        ("m = print('helper')", set()),
    ],
)  # fmt: skip
def test_modules_of_the_users_zoo_count_however_they_are_imported(tmp_path: Path, code: str, counted: set[str]) -> None:
    write(tmp_path, "helper.py", "def f(): return 1\n")
    write(tmp_path, "pkg/__init__.py", "from .inner import f\n")
    write(tmp_path, "pkg/inner.py", "def f(): return 1\n")
    write(tmp_path, "pkg/part.py", "def f(): return 1\n")
    write(tmp_path, "builders/beside.py", "def f(): return 1\n")
    assert files(tmp_path, code) == counted | {"builders/mine.py"}
    for name in sorted(counted):
        before = closure_key(code_digests(tmp_path / "builders" / "mine.py"))
        write(tmp_path, name, (tmp_path / name).read_text() + "X = 2\n")
        assert closure_key(code_digests(tmp_path / "builders" / "mine.py")) != before, name


def test_a_task_that_is_a_folder_counts_with_its_init(tmp_path: Path) -> None:
    write(tmp_path, "tasks/mine/__init__.py", "X = 1\n")
    encoding = write(tmp_path, "tasks/mine/encoding.py", "Y = 1\n")
    assert {file.name for file in code_files(encoding)} == {"__init__.py", "encoding.py"}


def test_other_packages_are_those_of_the_users_modules(tmp_path: Path) -> None:
    write(tmp_path, "helper.py", "import scipy.stats\nfrom sklearn import svm\n")
    code = "import json\nimport helper\nimport numpy as np\nfrom zoosmith.common import names\nfrom . import x\n"
    assert other_packages(write(tmp_path, "builders/mine.py", code)) == {"numpy", "scipy", "sklearn"}
    assert other_packages(CHECKOUT / "builders" / "onnx.py") == set()
