"""The opened workspace: from a recipe's node to its action, its build, load-back and record."""
