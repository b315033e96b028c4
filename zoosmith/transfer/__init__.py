"""HTTP: downloads that resume, retries, locations, the user's cache."""
