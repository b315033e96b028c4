"""transformers checkpoints and PyTorch models."""
