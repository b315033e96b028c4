"""Honest measurement: quality, latency, memory, and the host they were taken on."""
