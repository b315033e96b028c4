"""The pure core: recipes, plans, gates, statistics, registry, cards. No input or output, no torch."""
