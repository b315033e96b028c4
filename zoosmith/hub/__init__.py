"""Where models and data come from: a hub, PyPI wheels, folders, generators."""
