"""Canonical JSON, names, safe parsing, text and units."""
