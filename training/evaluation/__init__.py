"""Measures of a fitted model."""
