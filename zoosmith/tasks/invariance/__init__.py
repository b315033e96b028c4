"""Whether answers to pairs of texts stay where nothing that matters changes: a kind of eval over an artifact's task."""
