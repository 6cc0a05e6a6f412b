"""Limits: how much an operation may ask for."""
