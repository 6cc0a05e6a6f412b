"""The audit log of an account, as its readers see it."""
