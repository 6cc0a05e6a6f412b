"""Promises: who shall never have a permission in an account, checked by every later change (N13)."""
