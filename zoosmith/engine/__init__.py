"""The engine: store, action cache, locks, step workers, and the doit tasks over them."""
