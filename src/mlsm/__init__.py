"""Run many scoring models, in many versions, over the same leads, and keep every result."""
