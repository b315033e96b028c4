"""Tests of zoosmith/remote."""
