"""Every ratio that README and ARCHITECTURE claim, measured by `python -m benchmarks`."""
