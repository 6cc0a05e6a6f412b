"""Subscriptions: which plan an account has, and from when on."""
