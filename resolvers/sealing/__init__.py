"""Secrets that the database stores encrypted, with keys that it does not have."""
