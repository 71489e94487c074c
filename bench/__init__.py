"""Benchmarks and long checks of the whole path on real servers, each with its command; results in `bench/results/`."""
