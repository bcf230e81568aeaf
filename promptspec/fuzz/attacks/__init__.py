"""Hostile text: seeds through chains of mutators, both by name."""
