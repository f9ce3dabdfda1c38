"""Measurements, each a module with a `main` that prints a table and writes JSON beside it."""
