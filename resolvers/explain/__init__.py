"""Explanations of access decisions."""
