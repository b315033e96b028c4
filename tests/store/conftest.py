"""Fixtures over the torch-free zoo."""

from tests.support.built import _built_once, _own_measure_lock, built, project

__all__ = ["_built_once", "_own_measure_lock", "built", "project"]
