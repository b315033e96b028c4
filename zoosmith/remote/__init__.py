"""Stores of results beside the one on this machine: blobs by SHA-256, actions by key, as in Bazel's remote cache.

`blobs` and `actions` are the two stores, over `objects` (anything that keeps bytes under names); `trees` carries whole
results between them and a local store; `caches` asks several in order and never fails a build.
"""
