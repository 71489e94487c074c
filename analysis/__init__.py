"""Batch analysis: what was uploaded or stored, through detectors, into ranked anomalies with reasons."""
