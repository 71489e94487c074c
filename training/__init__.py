"""Offline work: the simulator, datasets, training and evaluation of models."""
