"""Budgets: caps and guarantees of sends and of credit below an account."""
