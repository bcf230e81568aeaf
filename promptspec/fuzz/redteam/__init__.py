"""The same attacks against a real model: under a budget, recorded, and replayed without a network."""
