"""MLflow models, from a local folder."""
