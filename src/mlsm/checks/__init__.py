"""What `mlsm check` and a deployment run."""
