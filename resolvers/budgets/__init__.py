"""Budgets: caps and guarantees of sends and credit for subaccounts."""
