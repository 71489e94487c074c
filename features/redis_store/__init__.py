"""The one adapter of the features: packed states in Redis, read in one round trip, written by one atomic script."""
