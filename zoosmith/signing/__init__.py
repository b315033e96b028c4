"""Keys in files, what they sign, and whose count: for registries and for caches.

`keys` reads private and public halves, `envelope` signs a statement with one, `trust` is the user's own list of keys.
"""
