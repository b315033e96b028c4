"""Models that see: reading pictures, and checkpoints of transformers that write about them."""
