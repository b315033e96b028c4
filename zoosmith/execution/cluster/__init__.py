"""Steps on the nodes of a Ray cluster: https://docs.ray.io.

The driver decides what to run and records it, as it does on one machine. A node gets digests and names, never a path,
a descriptor or a process id of the driver's: it fetches the trees it needs from a blob store, runs the same step code
in a process of its own over a store of its own, puts the tree that came out into the blob store and hands back its
digest.
"""
