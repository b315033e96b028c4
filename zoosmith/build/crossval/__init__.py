"""k-fold cross-validation of an artifact that is trained: `doit crossval:NAME`."""
