"""Offline work: the simulator, datasets, training and evaluation of models."""

import os

# Read when OpenMP is loaded, so set before XGBoost is. A thread that has finished its share then sleeps instead of
# turning: where other processes need the processors, fitting with two threads took 42 s with turning, 12 s without.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
