"""Recipes as doit tasks, and doit's commands for a zoo."""
