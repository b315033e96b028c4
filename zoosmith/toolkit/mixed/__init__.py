"""Bits by tensor: what a type costs each matrix of a language model is measured, then types are chosen for a size."""
