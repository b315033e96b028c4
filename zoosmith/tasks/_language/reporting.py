"""The words of cards of causal language models."""

PIPELINE_TAG = "text-generation"
HEADLINE = ("mean_kl", "perplexity")
EXAMPLE = '"What is the capital of France?"'
