"""Data frames, their columns and CSV files as pure functions."""
