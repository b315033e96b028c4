"""A prompt in, one token of a set out: classification by a causal language model."""
