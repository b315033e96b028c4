"""Intervals and paired tests. Pure mathematics."""
