"""Model cards: words, figures and front matter, rendered from records."""
