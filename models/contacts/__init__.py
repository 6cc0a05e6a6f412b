"""Whom an account writes to."""
