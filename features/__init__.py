"""The feature catalogue and the kernel that computes it: pure, the same online, in replay and in training."""
