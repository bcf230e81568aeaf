"""Labelled rows against a real model: how often it is right, where it is not, and how sure that is."""
