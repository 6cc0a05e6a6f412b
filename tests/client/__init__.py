"""Asking the application as its clients do, and what they receive."""
