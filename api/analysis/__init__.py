"""Runs of detection strategies: asked for, watched, read, compared, exported, turned into alerts."""
