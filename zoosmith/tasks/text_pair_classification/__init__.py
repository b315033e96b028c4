"""Two texts in, one class out: matching, paraphrase, entailment."""
