"""Whom an account does not write to: who is blocked or unsubscribed, and whose mail bounced."""
