"""Scores records with a catalog: one at a time, or a part of a batch by columns."""
