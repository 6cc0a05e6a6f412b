"""Connections to PostgreSQL, their pools, and snapshots."""
