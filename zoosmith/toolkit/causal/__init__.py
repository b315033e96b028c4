"""Causal language models: one way to answer requests, whatever computes the logits."""
