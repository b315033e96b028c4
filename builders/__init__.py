"""One technique a file; the file name is the name that recipes use. See `zoosmith.contract`."""
