"""Registries of somebody who means harm, and what must hold whatever is pulled from them.

`cases()` makes a published artifact and then spoils names, paths, sizes, hashes, pointers, JSON, bytes or answers,
plants links where a pull works, or gives a version another tree than it had. `outcome(case, sandbox)` pulls it and
raises AssertionError where a byte is written outside the target, a wrong byte or a replaced version is accepted, a
connection is kept alive, or anything but ZooError is raised.
"""

from __future__ import annotations

from tests.support.hostile.case import Case
from tests.support.hostile.cases import cases
from tests.support.hostile.outcome import outcome
from tests.support.hostile.sandbox import Sandbox, sandbox

__all__ = ["Case", "Sandbox", "cases", "outcome", "sandbox"]
