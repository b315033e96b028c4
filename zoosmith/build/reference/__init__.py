"""What builders say of themselves, as a reference for people and programs."""
