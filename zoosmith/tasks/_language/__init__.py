"""What all tasks of causal language models share: documents, distributions of the next token, generation."""
