"""Dry runs: what a write would change about access, without writing."""
