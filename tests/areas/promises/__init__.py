"""Promises: who shall never have a permission in an account."""
