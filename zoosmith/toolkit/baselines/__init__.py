"""What an artifact must beat to be worth its size: answers that take no model."""
