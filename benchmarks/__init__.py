"""Measurements against peers, as ratios; `README.md` says how to run them."""
