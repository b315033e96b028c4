"""Keys in files and identities of people, what they sign, and whose count: for registries and for caches.

`keys` reads private and public halves, `envelope` signs a statement with one, `identities` reads who
signed without one, `trust` is the user's own list of both.
"""
