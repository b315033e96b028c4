"""Training, recovery and distillation."""
