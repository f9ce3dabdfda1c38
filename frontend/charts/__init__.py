"""Altair charts as pure functions."""
