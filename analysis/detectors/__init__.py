"""Detectors: each gives every row a score, and every flagged row a reason."""
