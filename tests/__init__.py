"""Tests. Before anything is imported that computes: its models are so tiny that threads would wait for each other."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
