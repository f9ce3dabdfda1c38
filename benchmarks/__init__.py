"""Measurements. Each module has a `main` that prints a table and writes a JSON file."""
