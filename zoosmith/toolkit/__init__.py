"""What builders and runtimes share, by technique."""
