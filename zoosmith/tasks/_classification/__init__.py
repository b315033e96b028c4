"""What all tasks share that answer with one class: examples of texts, scores, paired comparison."""
