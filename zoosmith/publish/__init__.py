"""Publishing artifacts to a hub or a folder, and pulling them from there."""
