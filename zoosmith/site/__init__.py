"""The gallery: the zoo's record as a static site that opens from disk."""
