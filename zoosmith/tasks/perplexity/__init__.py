"""How well documents are expected: likelihood, and divergence from the reference."""
