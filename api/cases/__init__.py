"""Alerts, cases and verdicts: the rules (pure) and what analysts do by them."""
