"""From a checkpoint to a model file and its manifest."""
