"""Synchronous scoring: from a request's bytes to the pipeline, and from its decision to an answer."""
