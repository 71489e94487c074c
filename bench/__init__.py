"""Benchmarks and long checks of the whole path on real servers, each with its command; results in `bench/results/`."""

import training  # noqa: F401  # says how XGBoost's threads wait, which must be said before XGBoost is loaded
