"""Runtimes: one module a format; `open(path, manifest, threads, device, needs)` gives a Session.

A runtime module has: `REQUIRES` (packages), `EXTRA` (what to install for them),
`LIBRARY` (the hub's library_name), `CAPABILITIES`, `open`. It may have:

`DEVICES`  kinds of device that it answers on; ("cpu",) where it says nothing.
`weights(path, session, encoded) -> {"parameters", "nonzero", "multiply_adds"}`  what is stored, and what one call
    with `encoded` multiplies (None where it cannot tell). `encoded` is None for a language model.
`synchronize(device)`, `device_memory_mb(device) -> {"now", "peak"}`  where DEVICES names more than the CPU.
"""
