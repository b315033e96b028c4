"""Where bases and rows come from: a hub, PyPI, paths."""
