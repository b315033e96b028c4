"""A zoo of one's own out of a table: what is in it, how it is split, and the recipe for it."""
