"""Whom an account and all accounts below it never write to."""
