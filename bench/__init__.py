"""Benchmarks: `make bench` runs them all and prints ratios, medians, peak memory and the machine."""
