"""Actions and the processes of this machine that run them."""
