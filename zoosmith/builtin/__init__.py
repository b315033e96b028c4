"""Data sets that Zoosmith generates itself, one package each; the folder name is the data set name."""
