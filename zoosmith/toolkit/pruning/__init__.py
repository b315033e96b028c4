"""What to prune, and what pruning left."""
