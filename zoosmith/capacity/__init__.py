"""How many queries a second an artifact answers under a limit of latency, and what machines that takes."""
