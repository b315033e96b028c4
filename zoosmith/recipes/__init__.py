"""Recipes: schema, YAML, the graph that they make, pins."""
