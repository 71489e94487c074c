"""Model, signals, reasons, policy and decision: pure once a model is loaded."""
