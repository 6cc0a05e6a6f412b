"""Accounts to look at: a small story to sign in to, and large data to measure with."""
