"""A folder for PYTHONPATH: see `tests.support.zoo.BRIEFLY`."""
