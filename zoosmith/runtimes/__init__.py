"""Runtimes: one module a format; `open(path, manifest, threads, device, needs)` gives a Session.

A runtime module has: `REQUIRES` (packages), `EXTRA` (what to install for them),
`LIBRARY` (the hub's library_name), `CAPABILITIES`, `open`.
"""
