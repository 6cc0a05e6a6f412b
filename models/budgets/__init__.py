"""Budgets: caps and guarantees of sends and credit, for the accounts below an account."""
