"""The consumer's command `zoosmith`."""
